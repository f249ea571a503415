import { type Block, blockDigest } from './block.ts';
import type { ExpectedContent } from './verify-snapshot.ts';

/** Hashes ahead on the thread pool, which has four threads. */
const hashesAhead = 8;

/** Reads a disk once and keeps the SHA-256 of every block that is not all zeros. */
export async function digestBlocks({
  blocks,
  sizeBytes,
  onProgress,
}: {
  readonly blocks: AsyncIterable<Block>;
  /** Of the disk. */
  readonly sizeBytes: number;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}): Promise<ExpectedContent> {
  const digests = new Map<number, Buffer>();
  const underWay = new Set<Promise<void>>();
  for await (const { index, data, release } of blocks) {
    const hashing = blockDigest(data).then((digest) => {
      digests.set(index, digest);
      release();
      underWay.delete(hashing);
    });
    underWay.add(hashing);
    if (underWay.size >= hashesAhead) await Promise.race(underWay);
    onProgress?.({ done: Math.min((index + 1) * data.length, sizeBytes), total: sizeBytes });
  }
  await Promise.all(underWay);
  return { sizeBytes, digests: new Map([...digests].sort(([a], [b]) => a - b)) };
}
