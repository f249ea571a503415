import { blockDigest } from './block.ts';
import { type Disk, diskBlocks } from './disk.ts';
import type { ExpectedContent } from './verify-snapshot.ts';

/** Hashes ahead on the thread pool, which has four threads. */
const hashesAhead = 8;

/** Reads the disk once and keeps the SHA-256 of every block that is not all zeros. */
export async function digestDisk({
  disk,
  signal,
  onProgress,
}: {
  readonly disk: Disk;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}): Promise<ExpectedContent> {
  const digests = new Map<number, Buffer>();
  const underWay = new Set<Promise<void>>();
  for await (const { index, data, release } of diskBlocks({ disk, signal })) {
    const hashing = blockDigest(data).then((digest) => {
      digests.set(index, digest);
      release();
      underWay.delete(hashing);
    });
    underWay.add(hashing);
    if (underWay.size >= hashesAhead) await Promise.race(underWay);
    onProgress?.({ done: Math.min((index + 1) * data.length, disk.sizeBytes), total: disk.sizeBytes });
  }
  await Promise.all(underWay);
  return { sizeBytes: disk.sizeBytes, digests: new Map([...digests].sort(([a], [b]) => a - b)) };
}
