import { ListPartsCommand } from '@aws-sdk/client-s3';
import { pages, refusedCodeOf } from '@ec2-image/aws-call';
import type { UploadDetail, UploadFact } from '../facts.ts';
import { newest } from '../judge/keep.ts';
import type { S3 } from '../senders.ts';

/** What of an upload has arrived, and when the last of it did. Undefined: it is gone. */
export async function readParts({
  s3,
  upload,
  account,
}: {
  readonly s3: S3;
  readonly upload: UploadFact;
  readonly account: string;
}): Promise<UploadDetail> {
  const list = pages(async (marker) => {
    const page = await s3.send(
      new ListPartsCommand({
        Bucket: upload.bucket,
        Key: upload.key,
        UploadId: upload.uploadId,
        ExpectedBucketOwner: account,
        PartNumberMarker: marker,
      }),
    );
    // By IsTruncated, not by the marker: the last page has one too, and would be read for ever.
    return { items: page.Parts, nextToken: page.IsTruncated ? page.NextPartNumberMarker : undefined };
  });
  let sizeBytes = 0;
  let newestPartAt: number | undefined;
  try {
    for await (const parts of list) {
      for (const { Size = 0, LastModified } of parts) {
        sizeBytes += Size;
        newestPartAt = newest(newestPartAt, LastModified?.getTime());
      }
    }
  } catch (error) {
    if (refusedCodeOf(error) === 'NoSuchUpload') return undefined;
    throw error;
  }
  return { sizeBytes, newestPartAt };
}
