import { s3Error } from './errors.ts';
import { findPart, findUpload, putPart } from './multipart/upload-table.ts';
import { findLatest, findParts } from './objects/object-table.ts';
import type { S3Call } from './s3-call.ts';
import { spoilBytes, takeSpoiling } from './spoil.ts';

/** These spoil the bytes that they handle themselves. */
const handlesBytes = new Set(['PutObject', 'UploadPart', 'UploadPartCopy', 'CopyObject', 'GetObject']);

/**
 * A fault of a call that handles no bytes itself spoils what is stored before the call acts: a part of its upload,
 * or a part of the object. Of an object only the bytes change, as when a disk goes bad; its ETag and checksum
 * continue to tell what was there.
 */
export async function spoilStored(call: S3Call): Promise<void> {
  if (!call.key || handlesBytes.has(call.operation)) return;
  const action = takeSpoiling(call);
  if (!action) return;
  const { store, bucketName: bucket, key } = call;
  const partNumber = action.partNumber ?? 1;
  const uploadId = call.query.get('uploadId');
  if (uploadId !== null) {
    const upload = findUpload(store, { bucket, key, id: uploadId });
    const part = findPart(store, uploadId, partNumber);
    if (!part)
      throw s3Error('InvalidPart', { message: `The fault names part ${partNumber}, which is not there.` });
    const spoilt = await spoilBytes(store.blobs, {
      ...part,
      algorithm: upload.checksum_algorithm ?? 'CRC64NVME',
      action,
    });
    const told =
      action.shows === 'bytes' ? part : { etag: spoilt.md5, checksum: spoilt.checksum?.value ?? null };
    store.transaction(() => {
      if (spoilt.blob) store.blobs.claim(spoilt.blob);
      putPart(store, {
        ...part,
        blob: spoilt.blob,
        size: spoilt.size,
        etag: told.etag,
        checksum: told.checksum,
      });
    });
  } else {
    await spoilObject(call, { action, partNumber });
  }
  store.blobs.purge();
}

async function spoilObject(
  { store, bucketName, key }: S3Call,
  { action, partNumber }: { action: NonNullable<ReturnType<typeof takeSpoiling>>; partNumber: number },
): Promise<void> {
  const object = findLatest(store, bucketName, key);
  const part = object && findParts(store, object.id)[partNumber - 1];
  if (!object || !part) return;
  const spoilt = await spoilBytes(store.blobs, { ...part, algorithm: undefined, action });
  store.transaction(() => {
    if (spoilt.blob) store.blobs.claim(spoilt.blob);
    if (part.blob) store.blobs.release(part.blob);
    store.run('UPDATE s3_object_part SET blob = ?, size = ? WHERE object_id = ? AND part_number = ?', [
      spoilt.blob,
      spoilt.size,
      object.id,
      part.part_number,
    ]);
    store.run('UPDATE s3_object SET size = ? WHERE id = ?', [
      object.size - part.size + spoilt.size,
      object.id,
    ]);
  });
}
