import { ListObjectsV2Command, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { pages } from '@ec2-image/aws-call';
import { parseObjectKey, resemblesHandMadeKey } from '@ec2-image/provenance';
import type { ObjectFact } from '../facts.ts';
import { ownStrings } from './own-strings.ts';
import type { BucketScan } from './uploads.ts';

interface Listed {
  readonly Key?: string;
  readonly Size?: number;
  readonly LastModified?: Date;
  readonly VersionId?: string;
}

/** The objects whose keys match ec2-image's pattern; every version of them where the bucket keeps versions. */
export function scanObjects(scan: BucketScan): AsyncGenerator<ObjectFact> {
  return listed(scan, { wanted: (key) => parseObjectKey(key, scan) !== undefined });
}

/** The same at the bucket's root, as imports by hand leave them there. */
export function scanRootObjects(scan: Omit<BucketScan, 'prefix'>): AsyncGenerator<ObjectFact> {
  return listed({ ...scan, prefix: '' }, { wanted: resemblesHandMadeKey, delimiter: '/' });
}

interface Listing {
  readonly wanted: (key: string) => boolean;
  /** Ends what is listed at its first occurrence in a key. */
  readonly delimiter?: string;
}

async function* listed(scan: BucketScan, { wanted, delimiter }: Listing): AsyncGenerator<ObjectFact> {
  const { bucket } = scan;
  const list = bucket.versioning === 'Never' ? objectPages(scan, delimiter) : versionPages(scan, delimiter);
  for await (const page of list) {
    for (const { Key = '', Size, LastModified, VersionId } of page) {
      if (!wanted(Key)) continue;
      yield ownStrings({
        kind: 'object',
        region: bucket.region,
        bucket: bucket.bucket,
        key: Key,
        versionId: VersionId,
        sizeBytes: Size ?? 0,
        modifiedAt: LastModified?.getTime(),
      });
    }
  }
}

function objectPages(
  { s3, bucket, account, prefix }: BucketScan,
  delimiter?: string,
): AsyncIterable<readonly Listed[]> {
  return pages(async (token) => {
    const page = await s3.send(
      new ListObjectsV2Command({
        Bucket: bucket.bucket,
        ExpectedBucketOwner: account,
        Prefix: prefix,
        Delimiter: delimiter,
        ContinuationToken: token,
      }),
    );
    return { items: page.Contents, nextToken: page.IsTruncated ? page.NextContinuationToken : undefined };
  });
}

interface Markers {
  readonly KeyMarker?: string;
  readonly VersionIdMarker?: string;
}

/** Delete markers are left out: they hold no bytes, and nothing proves whose they are. */
function versionPages(
  { s3, bucket, account, prefix }: BucketScan,
  delimiter?: string,
): AsyncIterable<readonly Listed[]> {
  return pages(async (markers: Markers | undefined) => {
    const page = await s3.send(
      new ListObjectVersionsCommand({
        Bucket: bucket.bucket,
        ExpectedBucketOwner: account,
        Prefix: prefix,
        Delimiter: delimiter,
        ...markers,
      }),
    );
    return {
      items: page.Versions,
      nextToken: page.IsTruncated
        ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
        : undefined,
    };
  });
}
