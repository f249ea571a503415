import { type Block, blockSizeBytes, createBlockPool, isZeroBlock, zeroDigest } from './block.ts';
import { blockOf } from './digest-block.ts';
import { blockIndexes } from './disk.ts';
import type { ImageReader } from './image-reader/image-reader.ts';
import { mapAhead } from './map-ahead.ts';

/**
 * The blocks that hold data, in order, read and hashed in worker threads; all-zero ones are omitted.
 *
 * @throws DiskBlocksError
 */
export async function* imageBlocks({
  reader,
  digests = true,
  signal,
}: {
  readonly reader: ImageReader;
  /** Whether blocks have their digests. Default true. */
  readonly digests?: boolean;
  readonly signal?: AbortSignal;
}): AsyncGenerator<Block> {
  const pool = createBlockPool();
  const readBlock = async (index: number): Promise<Block | undefined> => {
    const offset = index * blockSizeBytes;
    const length = Math.min(blockSizeBytes, reader.sizeBytes - offset);
    const data = pool.take();
    data.fill(0, length);
    const filled = await reader.fill({
      length: blockSizeBytes,
      buffer: data.buffer,
      stretches: [{ at: 0, offset, length }],
      sha256: digests,
      signal,
    });
    const digest = filled.digests?.[0];
    const isZero = digest ? digest.equals(zeroDigest) : isZeroBlock(data);
    if (isZero) return void pool.give(data);
    return blockOf(index, data, pool, digest);
  };
  yield* mapAhead(blockIndexes(await reader.present({ signal })), readBlock, { signal });
}
