import { ListMultipartUploadsCommand, type S3Client } from '@aws-sdk/client-s3';
import { parseObjectKey } from '@ec2-image/provenance';
import type { BucketFact, UploadFact } from '../facts.ts';
import { ownStrings } from './own-strings.ts';

export interface BucketScan {
  readonly s3: S3Client;
  readonly bucket: BucketFact;
  /** Sent as ExpectedBucketOwner: a bucket of somebody else's with the right name answers 403. */
  readonly account: string;
  readonly prefix: string;
  readonly signal?: AbortSignal;
}

/** The unfinished uploads whose keys have our shape. One key may have thousands of them, hence both markers. */
export async function* scanUploads({
  s3,
  bucket,
  account,
  prefix,
  under = prefix,
  signal,
}: BucketScan & {
  /** Narrows the list further; a whole key will do. */
  readonly under?: string;
}): AsyncGenerator<UploadFact> {
  let markers: { KeyMarker?: string; UploadIdMarker?: string } = {};
  for (;;) {
    const page = await s3.send(
      new ListMultipartUploadsCommand({
        Bucket: bucket.bucket,
        ExpectedBucketOwner: account,
        Prefix: under,
        ...markers,
      }),
      { abortSignal: signal },
    );
    for (const { Key = '', UploadId, Initiated } of page.Uploads ?? []) {
      if (!parseObjectKey(Key, { prefix })) continue;
      yield ownStrings({
        kind: 'upload',
        region: bucket.region,
        bucket: bucket.bucket,
        key: Key,
        uploadId: UploadId!,
        initiatedAt: Initiated?.getTime(),
      });
    }
    if (!page.IsTruncated) return;
    markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
}
