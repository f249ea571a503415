import { AbortMultipartUploadCommand } from '@aws-sdk/client-s3';
import { refusedCodeOf } from '@ec2-image/aws-call';
import { readParts } from '../examine/uploads.ts';
import type { UploadFact } from '../facts.ts';
import { type Removal, type RemovalOptions, untilConfirmed } from './removal.ts';

/** Parts that were on their way when the upload was aborted may arrive after it: it is aborted until none is left. */
export async function removeUpload(
  upload: UploadFact,
  { senders, account }: RemovalOptions,
): Promise<Removal> {
  const s3 = senders.s3(upload.region);
  let sent = 0;
  let aborted = false;
  return untilConfirmed(s3, {
    what: 'the upload to be gone',
    async read() {
      sent += 1;
      try {
        await s3.send(
          new AbortMultipartUploadCommand({
            Bucket: upload.bucket,
            Key: upload.key,
            UploadId: upload.uploadId,
            ExpectedBucketOwner: account,
          }),
          // Asked again here, where it is known that it was.
          { retry: false },
        );
        aborted = true;
      } catch (error) {
        if (refusedCodeOf(error) !== 'NoSuchUpload') throw error;
        // The attempt before may have aborted it without an answer.
        aborted ||= sent > 1;
      }
      if (await readParts({ s3, upload, account })) return undefined;
      return { outcome: aborted ? 'deleted' : 'gone' };
    },
  });
}
