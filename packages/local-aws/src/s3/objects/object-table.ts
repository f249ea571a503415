import { randomBytes } from 'node:crypto';
import type { ChecksumAlgorithm, ChecksumType } from '@ec2-image/checksum';
import type { Store } from '../../store/store.ts';
import type { Bucket } from '../buckets/bucket-table.ts';
import type { ObjectAttributes } from './attributes.ts';

/** A version of an object, or a delete marker. */
export interface ObjectRow {
  readonly id: number;
  readonly bucket: string;
  readonly key: string;
  /** `null`, as text, where it was written without versioning. */
  readonly version_id: string;
  readonly latest: 0 | 1;
  readonly delete_marker: 0 | 1;
  readonly modified_at: number;
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  /** Of an object that came in parts; else null. */
  readonly parts_count: number | null;
  readonly checksum_algorithm: ChecksumAlgorithm | null;
  readonly checksum_type: ChecksumType | null;
  readonly checksum: string | null;
  /** JSON. */
  readonly attributes: string;
}

export interface PartRow {
  readonly part_number: number;
  /** Null where there is nothing in it. */
  readonly blob: string | null;
  readonly size: number;
  readonly checksum: string | null;
}

export type NewObject = Pick<
  ObjectRow,
  | 'key'
  | 'size'
  | 'etag'
  | 'parts_count'
  | 'checksum_algorithm'
  | 'checksum_type'
  | 'checksum'
  | 'modified_at'
> & { readonly attributes: ObjectAttributes; readonly parts: readonly PartRow[] };

export function attributesOf(object: ObjectRow): ObjectAttributes {
  return JSON.parse(object.attributes);
}

/** The current one; a delete marker, too. */
export function findLatest(store: Store, bucket: string, key: string): ObjectRow | undefined {
  return store.get<ObjectRow>('SELECT * FROM s3_object WHERE bucket = ? AND key = ? AND latest = 1', [
    bucket,
    key,
  ]);
}

export function findVersion(store: Store, { bucket, key, versionId }: VersionName): ObjectRow | undefined {
  return store.get<ObjectRow>('SELECT * FROM s3_object WHERE bucket = ? AND key = ? AND version_id = ?', [
    bucket,
    key,
    versionId,
  ]);
}

export interface VersionName {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
}

/** In order. */
export function findParts(store: Store, objectId: number): PartRow[] {
  return store.all<PartRow>(
    'SELECT part_number, blob, size, checksum FROM s3_object_part WHERE object_id = ? ORDER BY part_number',
    [objectId],
  );
}

/**
 * Makes it the current version, and gives its id. Without versioning it takes the place of what was there, whose files are let go.
 * Inside a transaction, in which the parts' files are claimed as well.
 */
export function insertObject(store: Store, bucket: Bucket, object: NewObject): { versionId: string } {
  const versionId = startVersion(store, bucket, object.key);
  const { id } = store.get<{ id: number }>(
    `INSERT INTO s3_object (bucket, key, version_id, latest, modified_at, size, etag, parts_count,
       checksum_algorithm, checksum_type, checksum, attributes)
     VALUES (:bucket, :key, :versionId, 1, :modified_at, :size, :etag, :parts_count,
       :checksum_algorithm, :checksum_type, :checksum, :attributes) RETURNING id`,
    {
      bucket: bucket.name,
      key: object.key,
      versionId,
      modified_at: object.modified_at,
      size: object.size,
      etag: object.etag,
      parts_count: object.parts_count,
      checksum_algorithm: object.checksum_algorithm,
      checksum_type: object.checksum_type,
      checksum: object.checksum,
      attributes: JSON.stringify(object.attributes),
    },
  )!;
  for (const part of object.parts) {
    store.run(
      'INSERT INTO s3_object_part (object_id, part_number, blob, size, checksum) VALUES (?, ?, ?, ?, ?)',
      [id, part.part_number, part.blob, part.size, part.checksum],
    );
  }
  return { versionId };
}

export function insertDeleteMarker(
  store: Store,
  bucket: Bucket,
  { key, now }: { key: string; now: number },
): { versionId: string } {
  const versionId = startVersion(store, bucket, key);
  store.run(
    `INSERT INTO s3_object (bucket, key, version_id, latest, delete_marker, modified_at) VALUES (?, ?, ?, 1, 1, ?)`,
    [bucket.name, key, versionId, now],
  );
  return { versionId };
}

/** Removes that very version; the newest of those left is current then. */
export function removeVersion(store: Store, object: ObjectRow): void {
  for (const { blob } of findParts(store, object.id)) if (blob) store.blobs.release(blob);
  store.run('DELETE FROM s3_object_part WHERE object_id = ?', [object.id]);
  store.run('DELETE FROM s3_object WHERE id = ?', [object.id]);
  if (object.latest) {
    store.run(
      `UPDATE s3_object SET latest = 1 WHERE id =
         (SELECT id FROM s3_object WHERE bucket = ? AND key = ? ORDER BY id DESC LIMIT 1)`,
      [object.bucket, object.key],
    );
  }
}

/** Makes room for a new current version, and gives its id. */
function startVersion(store: Store, bucket: Bucket, key: string): string {
  const versionId = bucket.versioning === 'Enabled' ? randomBytes(24).toString('base64url') : 'null';
  if (versionId === 'null') {
    const replaced = findVersion(store, { bucket: bucket.name, key, versionId });
    if (replaced) removeVersion(store, replaced);
  }
  store.run('UPDATE s3_object SET latest = 0 WHERE bucket = ? AND key = ? AND latest = 1', [
    bucket.name,
    key,
  ]);
  return versionId;
}
