import { checksumHeader } from '@ec2-image/checksum';
import type { ChecksumValue } from '../body/checksum-headers.ts';
import { readExpectations } from '../body/expectations.ts';
import { type StoredBody, storeBody } from '../body/store-body.ts';
import { type Bucket, findBucket } from '../buckets/bucket-table.ts';
import { openBucket } from '../buckets/open-bucket.ts';
import { s3Error } from '../errors.ts';
import type { Operation, S3Call } from '../s3-call.ts';
import { spoilBody } from '../spoil.ts';
import { type ObjectAttributes, readAttributes } from './attributes.ts';
import { readWriteConditions, refuseWrite, type WriteConditions } from './conditions.ts';
import { encryptionHeaders } from './encryption.ts';
import { etagOf, quoted } from './etag.ts';
import { refuseLongKey } from './key.ts';
import { findLatest, insertObject, type NewObject } from './object-table.ts';

export const putObject: Operation = async (call) => {
  const bucket = openBucket(call);
  refuseLongKey(call.key);
  const attributes = readAttributes(call);
  const conditions = readWriteConditions(call.header);
  const expectations = readExpectations(call.header);
  if (call.fault('conflict')) throw conflict(call);
  // Checked before a long body is sent in vain, and again, finally, when it has arrived.
  refuseUnmetConditions(call, { bucket, conditions });

  const body = await storeBody(call, { expectations, otherwise: 'CRC64NVME' });
  const { kept, answered } = await spoilBody(call, body);
  const etag = etagOf(kept.md5, attributes.encryption);
  const { versionId } = await keepObject(call, { bucket, conditions, attributes, body: kept, etag });
  return {
    status: 200,
    headers: {
      etag: quoted(attributes.encryption.algorithm === 'AES256' ? answered.md5 : etag),
      ...checksumHeaders(answered.checksum),
      ...encryptionHeaders(attributes.encryption),
      ...versionHeader(bucket, versionId),
    },
  };
};

interface Keeping {
  readonly bucket: Bucket;
  readonly conditions: WriteConditions;
  readonly attributes: ObjectAttributes;
  readonly body: StoredBody;
  readonly etag: string;
}

/** Makes a body that is in its file the object, at once and entirely, or not at all. */
export async function keepObject(
  call: S3Call,
  { bucket, conditions, attributes, body, etag }: Keeping,
): Promise<{ versionId: string; modifiedAt: number }> {
  const { store, key } = call;
  const { blob, size, checksum } = body;
  const modifiedAt = call.now();
  const object: NewObject = {
    key,
    size,
    etag,
    parts_count: null,
    checksum_algorithm: checksum?.algorithm ?? null,
    checksum_type: checksum ? 'FULL_OBJECT' : null,
    checksum: checksum?.value ?? null,
    modified_at: modifiedAt,
    attributes,
    parts: [{ part_number: 1, blob, size, checksum: checksum?.value ?? null }],
  };
  try {
    const { versionId } = store.transaction(() => {
      refuseUnmetConditions(call, { bucket, conditions });
      if (blob) store.blobs.claim(blob);
      return insertObject(store, currentBucket(call, bucket), object);
    });
    store.blobs.purge();
    return { versionId, modifiedAt };
  } catch (error) {
    await body.discard();
    throw error;
  }
}

/** The bucket as it is by now: a long body leaves time to delete it or to change its versioning. */
export function currentBucket({ store }: S3Call, { name }: Bucket): Bucket {
  const bucket = findBucket(store, name);
  if (!bucket) throw s3Error('NoSuchBucket', { details: { BucketName: name } });
  return bucket;
}

export function refuseUnmetConditions(
  { store, key }: S3Call,
  { bucket, conditions }: { bucket: Bucket; conditions: WriteConditions },
): void {
  const latest = findLatest(store, bucket.name, key);
  const current =
    latest && !latest.delete_marker ? { etag: latest.etag, modifiedAtMs: latest.modified_at } : undefined;
  refuseWrite(conditions, { current, key });
}

export function conflict({ key }: S3Call) {
  return s3Error('ConditionalRequestConflict', { details: { Condition: 'If-None-Match', Key: key } });
}

export function checksumHeaders(checksum: ChecksumValue | undefined): Record<string, string> {
  return checksum
    ? { [checksumHeader(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': 'FULL_OBJECT' }
    : {};
}

/** Buckets that never knew versioning don't speak of it. */
export function versionHeader(
  { versioning }: Pick<Bucket, 'versioning'>,
  versionId: string,
): Record<string, string> {
  return versioning ? { 'x-amz-version-id': versionId } : {};
}
