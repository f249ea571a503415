import { type Block, blockDigest, blockSizeBytes } from '@ec2-image/disk-blocks';
import type { ExpectedContent } from './verify-snapshot.ts';

/** Reads a disk once and keeps the SHA-256 of every block that is not all zeros, in their order. */
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
  for await (const { index, data, release } of blocks) {
    digests.set(index, blockDigest(data));
    release();
    onProgress?.({ done: Math.min((index + 1) * blockSizeBytes, sizeBytes), total: sizeBytes });
  }
  return { sizeBytes, digests };
}
