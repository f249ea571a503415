import { type FileHandle, open } from 'node:fs/promises';
import { bucketPolicyOf } from '../../s3/buckets/bucket-policy.ts';
import { findBucket } from '../../s3/buckets/bucket-table.ts';
import { cutExtents } from '../../s3/content.ts';
import { attributesOf, findLatest, findParts, type ObjectRow } from '../../s3/objects/object-table.ts';
import type { Store } from '../../store/store.ts';
import type { ImportObjects, ObjectBytes } from '../import-objects.ts';

/** The disks that S3 holds in the same store. */
export function s3ImportObjects(store: Store): ImportObjects {
  return {
    bucketRegion: (bucket) => findBucket(store, bucket)?.region,
    bucketPolicy: (bucket) => bucketPolicyOf(store, bucket),
    find(bucket, key) {
      const object = findLatest(store, bucket, key);
      if (!object || object.delete_marker) return undefined;
      return {
        sizeBytes: object.size,
        identity: `${object.id} ${object.etag}`,
        kmsKeyId: attributesOf(object).encryption.keyId,
        open: async () => openObject(store, object),
      };
    },
  };
}

/** An object is the files of its parts, one after the other, of which one at a time is open. */
function openObject(store: Store, { id, size }: ObjectRow): ObjectBytes {
  const parts = findParts(store, id);
  const release = store.blobs.hold(parts.flatMap(({ blob }) => blob ?? []));
  let current: { readonly blob: string; readonly file: FileHandle } | undefined;

  async function fileOf(blob: string): Promise<FileHandle> {
    if (current?.blob === blob) return current.file;
    await current?.file.close();
    current = undefined;
    current = { blob, file: await open(store.blobs.path(blob)) };
    return current.file;
  }

  return {
    size,
    async read(offset, length) {
      const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - offset)));
      let filled = 0;
      for (const { blob, start, end } of cutExtents(parts, offset, buffer.length)) {
        const wanted = end - start + 1;
        const { bytesRead } = await (await fileOf(blob)).read(buffer, filled, wanted, start);
        filled += bytesRead;
        if (bytesRead < wanted) break;
      }
      return buffer.subarray(0, filled);
    },
    async close() {
      await current?.file.close();
      release();
    },
  };
}
