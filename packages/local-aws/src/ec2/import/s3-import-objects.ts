import { type FileHandle, open } from 'node:fs/promises';
import { findBucket } from '../../s3/buckets/bucket-table.ts';
import type { Store } from '../../store/store.ts';
import type { ImportObjects, ObjectBytes } from './import-objects.ts';

interface ObjectRow {
  readonly id: number;
  readonly size: number;
  readonly etag: string;
}

interface Part {
  readonly blob: string | null;
  readonly size: number;
}

/** The disks that S3 holds in the same store. */
export function s3ImportObjects(store: Store): ImportObjects {
  return {
    bucketRegion: (bucket) => findBucket(store, bucket)?.region,
    find(bucket, key) {
      const object = store.get<ObjectRow>(
        'SELECT id, size, etag FROM s3_object WHERE bucket = ? AND key = ? AND latest = 1 AND delete_marker = 0',
        [bucket, key],
      );
      return (
        object && {
          sizeBytes: object.size,
          identity: `${object.id} ${object.etag}`,
          open: () => openObject(store, object),
        }
      );
    },
  };
}

/** An object is the files of its parts, one after the other. */
async function openObject(store: Store, { id, size }: ObjectRow): Promise<ObjectBytes> {
  const parts = store.all<Part>(
    'SELECT blob, size FROM s3_object_part WHERE object_id = ? ORDER BY part_number',
    [id],
  );
  const release = store.blobs.hold(parts.flatMap(({ blob }) => blob ?? []));
  let current: { blob: string; file: FileHandle } | undefined;

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
      let partStart = 0;
      for (const { blob, size: partSize } of parts) {
        const from = offset + filled - partStart;
        if (blob && from < partSize && filled < buffer.length) {
          const file = await fileOf(blob);
          const wanted = Math.min(buffer.length - filled, partSize - from);
          const { bytesRead } = await file.read(buffer, filled, wanted, from);
          filled += bytesRead;
          if (bytesRead < wanted) return buffer.subarray(0, filled);
        }
        partStart += partSize;
      }
      return buffer.subarray(0, filled);
    },
    async close() {
      await current?.file.close();
      release();
    },
  };
}
