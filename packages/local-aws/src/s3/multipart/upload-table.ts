import { randomBytes } from 'node:crypto';
import type { ChecksumAlgorithm, ChecksumType } from '@ec2-image/checksum';
import type { Store } from '../../store/store.ts';
import { s3Error } from '../errors.ts';
import type { ObjectAttributes } from '../objects/attributes.ts';

export interface UploadRow {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  /** An account id. */
  readonly initiator: string;
  readonly initiated_at: number;
  /** Null where CreateMultipartUpload named none: S3 then computes CRC64NVME, and keeps no part's. */
  readonly checksum_algorithm: ChecksumAlgorithm | null;
  readonly checksum_type: ChecksumType | null;
  /** JSON. */
  readonly attributes: string;
  /** JSON: those of CreateMultipartUpload by which it asked for an encryption. */
  readonly encryption_headers: string;
}

export interface UploadPartRow {
  readonly upload_id: string;
  readonly part_number: number;
  /** Null where there is nothing in it. */
  readonly blob: string | null;
  readonly size: number;
  readonly etag: string;
  /** Base64, of the upload's algorithm, or of CRC64NVME where it has none. */
  readonly checksum: string | null;
  readonly modified_at: number;
}

/** Ids sort by the time they were made, so that lists in order of either agree. */
export function createUploadId(now: number): string {
  return `${Math.floor(now).toString(16).padStart(12, '0')}.${randomBytes(48).toString('base64url')}`;
}

export function insertUpload(store: Store, upload: UploadRow): void {
  store.run(
    `INSERT INTO s3_upload (id, bucket, key, initiator, initiated_at, checksum_algorithm, checksum_type, attributes, encryption_headers)
     VALUES (:id, :bucket, :key, :initiator, :initiated_at, :checksum_algorithm, :checksum_type, :attributes, :encryption_headers)`,
    { ...upload },
  );
}

/** Throws NoSuchUpload, also where the id is another key's. */
export function findUpload(
  store: Store,
  { bucket, key, id }: { bucket: string; key: string; id: string },
): UploadRow {
  const upload = store.get<UploadRow>('SELECT * FROM s3_upload WHERE id = ? AND bucket = ? AND key = ?', [
    id,
    bucket,
    key,
  ]);
  if (!upload) throw s3Error('NoSuchUpload', { details: { UploadId: id } });
  return upload;
}

export function uploadAttributes(upload: UploadRow): ObjectAttributes {
  return JSON.parse(upload.attributes);
}

/** By name; none of an upload that is not there. */
export function encryptionHeadersOf(store: Store, id: string): Readonly<Record<string, string>> {
  const upload = store.get<Pick<UploadRow, 'encryption_headers'>>(
    'SELECT encryption_headers FROM s3_upload WHERE id = ?',
    [id],
  );
  return upload ? JSON.parse(upload.encryption_headers) : {};
}

/** Takes the place of a part that was there under the number. */
export function putPart(store: Store, part: UploadPartRow): void {
  const replaced = findPart(store, part.upload_id, part.part_number);
  if (replaced?.blob) store.blobs.release(replaced.blob);
  store.run(
    `INSERT OR REPLACE INTO s3_upload_part (upload_id, part_number, blob, size, etag, checksum, modified_at)
     VALUES (:upload_id, :part_number, :blob, :size, :etag, :checksum, :modified_at)`,
    { ...part },
  );
}

export function findPart(store: Store, uploadId: string, partNumber: number): UploadPartRow | undefined {
  return store.get<UploadPartRow>('SELECT * FROM s3_upload_part WHERE upload_id = ? AND part_number = ?', [
    uploadId,
    partNumber,
  ]);
}

/** In order, those after a number. */
export function listParts(
  store: Store,
  { uploadId, after = 0, limit = -1 }: { uploadId: string; after?: number; limit?: number },
): UploadPartRow[] {
  return store.all<UploadPartRow>(
    'SELECT * FROM s3_upload_part WHERE upload_id = ? AND part_number > ? ORDER BY part_number LIMIT ?',
    [uploadId, after, limit],
  );
}

/** With its parts; the files of those that are kept elsewhere by now are left alone. */
export function removeUpload(store: Store, id: string, kept: ReadonlySet<number> = new Set()): void {
  for (const { part_number, blob } of listParts(store, { uploadId: id })) {
    if (blob && !kept.has(part_number)) store.blobs.release(blob);
  }
  store.run('DELETE FROM s3_upload_part WHERE upload_id = ?', [id]);
  store.run('DELETE FROM s3_upload WHERE id = ?', [id]);
}
