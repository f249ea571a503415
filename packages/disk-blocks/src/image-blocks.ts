import { type Block, blockSizeBytes, createBlockPool, zeroDigest } from './block.ts';
import { blockOf } from './digest-block.ts';
import { blockIndexes } from './disk.ts';
import type { ImageReader } from './image-reader/image-reader.ts';
import { mapAhead } from './map-ahead.ts';

/**
 * The blocks that hold data, in order and with their digests, read and hashed in worker threads; all-zero ones are omitted.
 *
 * @throws DiskBlocksError
 */
export async function* imageBlocks({
  reader,
  signal,
}: {
  readonly reader: ImageReader;
  readonly signal?: AbortSignal;
}): AsyncGenerator<Block> {
  const pool = createBlockPool();
  const readBlock = async (index: number): Promise<Block | undefined> => {
    const offset = index * blockSizeBytes;
    const length = Math.min(blockSizeBytes, reader.sizeBytes - offset);
    const buffer = pool.take().fill(0, length).buffer as ArrayBuffer;
    const stretches = [{ at: 0, offset, length }];
    const filled = await reader.fill({ length: blockSizeBytes, buffer, stretches, sha256: true, signal });
    const [digest] = filled.digests!;
    if (digest!.equals(zeroDigest)) return void pool.give(filled.data);
    return blockOf(index, filled.data, pool, digest);
  };
  yield* mapAhead(blockIndexes(await reader.present({ signal })), readBlock, { signal });
}
