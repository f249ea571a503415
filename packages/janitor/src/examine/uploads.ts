import { ListPartsCommand, type S3Client } from '@aws-sdk/client-s3';
import { hasAwsCode } from '@ec2-image/aws-call';
import type { UploadDetail, UploadFact } from '../facts.ts';
import { newest } from '../judge/keep.ts';

/** What of an upload has arrived, and when the last of it did. Undefined: it is gone. */
export async function lookAtParts({
  s3,
  upload,
  account,
  signal,
}: {
  readonly s3: S3Client;
  readonly upload: UploadFact;
  readonly account: string;
  readonly signal?: AbortSignal;
}): Promise<UploadDetail> {
  let sizeBytes = 0;
  let newestPartAt: number | undefined;
  // By IsTruncated, not by the marker: the SDK's own paginator goes round for ever on the last page's.
  for (let marker: string | undefined; ; ) {
    try {
      const page = await s3.send(
        new ListPartsCommand({
          Bucket: upload.bucket,
          Key: upload.key,
          UploadId: upload.uploadId,
          ExpectedBucketOwner: account,
          PartNumberMarker: marker,
        }),
        { abortSignal: signal },
      );
      for (const part of page.Parts ?? []) {
        sizeBytes += part.Size ?? 0;
        newestPartAt = newest(newestPartAt, part.LastModified?.getTime());
      }
      if (!page.IsTruncated) return { sizeBytes, newestPartAt };
      marker = page.NextPartNumberMarker;
    } catch (error) {
      if (hasAwsCode(error, 'NoSuchUpload')) return undefined;
      throw error;
    }
  }
}
