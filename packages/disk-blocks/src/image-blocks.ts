import { type Block, blockSizeBytes, isZeroBlock, zeroDigest } from './block.ts';
import { blockIndexes } from './disk.ts';
import type { ImageReader } from './image-reader/image-reader.ts';
import { mapAhead } from './map-ahead.ts';

/** Read by one job of a thread: what a job costs beside the reading is shared by so many. */
const blocksPerJob = 4;
/** Enough to keep every thread busy; in all as many blocks as where each is read by itself. */
const jobsAhead = 4;

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
  /** Buffers of several blocks, for reuse. */
  const free: SharedArrayBuffer[] = [];
  const readBlocks = async (indexes: readonly number[]): Promise<Block[]> => {
    const buffer = free.pop() ?? new SharedArrayBuffer(blocksPerJob * blockSizeBytes);
    const stretches = indexes.map((index, place) => {
      const offset = index * blockSizeBytes;
      const length = Math.min(blockSizeBytes, reader.sizeBytes - offset);
      return { at: place * blockSizeBytes, offset, length };
    });
    const end = stretches.at(-1)!;
    Buffer.from(buffer).fill(0, end.at + end.length);
    const length = indexes.length * blockSizeBytes;
    const filled = await reader.fill({ length, buffer, stretches, sha256: digests, signal });
    // Until this reading is done with it, and each of its blocks.
    let users = 1;
    const release = () => {
      users -= 1;
      if (users === 0) free.push(buffer);
    };
    const blocks: Block[] = [];
    for (const [place, index] of indexes.entries()) {
      const data = Buffer.from(buffer, place * blockSizeBytes, blockSizeBytes);
      const digest = filled.digests?.[place];
      if (digest ? digest.equals(zeroDigest) : isZeroBlock(data)) continue;
      blocks.push({ index, data, ...(digest && { digest }), release });
      users += 1;
    }
    release();
    return blocks;
  };
  const jobs = inGroups(blockIndexes(await reader.present({ signal })), blocksPerJob);
  for await (const blocks of mapAhead(jobs, readBlocks, { ahead: jobsAhead, signal })) yield* blocks;
}

async function* inGroups<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<readonly T[]> {
  let group: T[] = [];
  for await (const item of items) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
