import { AbortMultipartUploadCommand } from '@aws-sdk/client-s3';
import { hasAwsCode } from '@ec2-image/aws-call';
import { lookAtParts } from '../examine/uploads.ts';
import type { UploadFact } from '../facts.ts';
import { untilConfirmed, waitFor } from '../wait.ts';
import type { Removal, RemovalOptions } from './removal.ts';

/** Parts that were on their way when the upload was aborted may arrive after it: it is aborted until none is left. */
export async function removeUpload(
  upload: UploadFact,
  { clients, account, ...waiting }: RemovalOptions,
): Promise<Removal> {
  const s3 = clients.s3(upload.region);
  const { signal } = waiting;
  let aborted = false;
  return waitFor(
    async (): Promise<Removal | undefined> => {
      try {
        await s3.send(
          new AbortMultipartUploadCommand({
            Bucket: upload.bucket,
            Key: upload.key,
            UploadId: upload.uploadId,
            ExpectedBucketOwner: account,
          }),
          { abortSignal: signal },
        );
        aborted = true;
      } catch (error) {
        if (!hasAwsCode(error, 'NoSuchUpload')) throw error;
      }
      if (await lookAtParts({ s3, upload, account, signal })) return undefined;
      return { outcome: aborted ? 'deleted' : 'gone' };
    },
    { ...untilConfirmed, ...waiting, what: 'the upload to be gone' },
  );
}
