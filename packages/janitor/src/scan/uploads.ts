import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { pages } from '@ec2-image/aws-call';
import { parseObjectKey } from '@ec2-image/provenance';
import type { BucketFact, UploadFact } from '../facts.ts';
import type { S3 } from '../senders.ts';
import { ownStrings } from './own-strings.ts';

export interface BucketScan {
  readonly s3: S3;
  readonly bucket: BucketFact;
  /** Sent as ExpectedBucketOwner: a bucket of somebody else's with the right name answers 403. */
  readonly account: string;
  readonly prefix: string;
}

interface Markers {
  readonly KeyMarker?: string;
  readonly UploadIdMarker?: string;
}

/** The incomplete uploads whose keys match ec2-image's pattern. One key may have thousands of them, hence both markers. */
export async function* scanUploads({
  s3,
  bucket,
  account,
  prefix,
  under = prefix,
}: BucketScan & {
  /** Narrows the list further; a whole key will do. */
  readonly under?: string;
}): AsyncGenerator<UploadFact> {
  const list = pages(async (markers: Markers | undefined) => {
    const page = await s3.send(
      new ListMultipartUploadsCommand({
        Bucket: bucket.bucket,
        ExpectedBucketOwner: account,
        Prefix: under,
        ...markers,
      }),
    );
    return {
      items: page.Uploads,
      nextToken: page.IsTruncated
        ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
        : undefined,
    };
  });
  for await (const uploads of list) {
    for (const { Key = '', UploadId, Initiated } of uploads) {
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
  }
}
