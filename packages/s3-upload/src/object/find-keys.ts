import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { createS3, type S3, type S3Options } from '../call/s3.ts';

export interface FindKeysOptions extends S3Options {
  readonly bucket: string;
  readonly prefix: string;
}

/**
 * The keys under a prefix, of objects and of incomplete uploads.
 *
 * @throws S3UploadError `ACCESS_DENIED` and the other codes of a call
 */
export async function findKeys(options: FindKeysOptions): Promise<string[]> {
  const s3 = createS3(options);
  return [...new Set([...(await keysOfObjects(s3, options)), ...(await keysOfUploads(s3, options))])];
}

async function keysOfObjects(
  s3: S3,
  { bucket: Bucket, prefix: Prefix, expectedBucketOwner: ExpectedBucketOwner }: FindKeysOptions,
): Promise<string[]> {
  const keys: string[] = [];
  for (let ContinuationToken: string | undefined; ; ) {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket, Prefix, ExpectedBucketOwner, ContinuationToken }),
    );
    keys.push(...(page.Contents ?? []).flatMap(({ Key }) => Key ?? []));
    if (!page.IsTruncated || page.NextContinuationToken === undefined) return keys;
    ContinuationToken = page.NextContinuationToken;
  }
}

async function keysOfUploads(
  s3: S3,
  { bucket: Bucket, prefix: Prefix, expectedBucketOwner: ExpectedBucketOwner }: FindKeysOptions,
): Promise<string[]> {
  const keys: string[] = [];
  for (let markers: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } = {}; ; ) {
    const page = await s3.send(
      new ListMultipartUploadsCommand({ Bucket, Prefix, ExpectedBucketOwner, ...markers }),
    );
    keys.push(...(page.Uploads ?? []).flatMap(({ Key }) => Key ?? []));
    const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
    const isStuck = KeyMarker === markers.KeyMarker && UploadIdMarker === markers.UploadIdMarker;
    if (!page.IsTruncated || isStuck) return keys;
    markers = { KeyMarker, UploadIdMarker };
  }
}
