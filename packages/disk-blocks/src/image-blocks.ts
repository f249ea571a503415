import { type Block, blockSizeBytes, fillWithZeros, isZeroBlock, zeroBlock, zeroDigest } from './block.ts';
import { blockIndexes, type Extent } from './disk.ts';
import { type BlockRange, blocksWithin } from './holes.ts';
import type { ImageReader } from './image-reader/image-reader.ts';
import { mapAhead } from './map-ahead.ts';

/** Read by one job of a thread: what a job costs beside the reading is shared by so many. */
const blocksPerJob = 4;
/** Enough to keep every thread busy; in all as many blocks as where each is read by itself. */
const jobsAhead = 4;

export interface ImageBlocksOptions {
  readonly reader: ImageReader;
  /** Whether blocks have their digests. Default true. */
  readonly digests?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * The blocks that hold data, in order, read and hashed in worker threads; all-zero ones are omitted.
 *
 * @throws DiskBlocksError
 */
export async function* imageBlocks(options: ImageBlocksOptions): AsyncGenerator<Block> {
  const { reader, signal } = options;
  for await (const block of readInGroups(blockIndexes(await reader.present({ signal })), options)) {
    if (block.data === zeroBlock) block.release();
    else yield block;
  }
}

/**
 * The same in the order in which their bytes lie in the file: of one that is still being written, each comes as soon as it can.
 * What turns out to be all zeros is among them, and is `zeroBlock`; the others are those of {@link zeroBlocks}.
 *
 * @throws DiskBlocksError
 */
export async function* arrivingBlocks(options: ImageBlocksOptions): AsyncGenerator<Block> {
  const { reader, signal } = options;
  const indexes = blockIndexes(await reader.present({ signal }));
  yield* readInGroups(reader.format === 'raw' ? indexes : inFileOrder(indexes, options), options);
}

async function* inFileOrder(
  indexes: AsyncIterable<number>,
  { reader, signal }: Pick<ImageBlocksOptions, 'reader' | 'signal'>,
): AsyncGenerator<number> {
  // Numbers, and not an object for each: a disk can have a hundred thousand blocks.
  const blocks: number[] = [];
  const fileEnds: number[] = [];
  for await (const index of indexes) {
    blocks.push(index);
    fileEnds.push(await reader.fileEnd(extentOf(index, reader), { signal }));
  }
  const order = Uint32Array.from(blocks.keys());
  order.sort((one, other) => fileEnds[one]! - fileEnds[other]! || one - other);
  for (const place of order) yield blocks[place]!;
}

/** The blocks that hold nothing but zeros as the image's own tables say, in order. */
export async function* zeroBlocks({
  reader,
  signal,
}: Pick<ImageBlocksOptions, 'reader' | 'signal'>): AsyncGenerator<BlockRange> {
  const { sizeBytes } = reader;
  yield* blocksWithin(gapsOf(await reader.present({ signal }), sizeBytes), { sizeBytes });
}

async function* gapsOf(extents: readonly Extent[], sizeBytes: number): AsyncGenerator<Extent> {
  let end = 0;
  for (const { offset, length } of [...extents, { offset: sizeBytes, length: 0 }]) {
    if (offset > end) yield { offset: end, length: offset - end };
    end = offset + length;
  }
}

function extentOf(index: number, { sizeBytes }: ImageReader): Extent {
  const offset = index * blockSizeBytes;
  return { offset, length: Math.min(blockSizeBytes, sizeBytes - offset) };
}

/** Blocks in the order of the indexes; one of all zeros has no memory of its own. */
async function* readInGroups(
  indexes: AsyncIterable<number>,
  { reader, digests = true, signal }: ImageBlocksOptions,
): AsyncGenerator<Block> {
  /** Buffers of several blocks, for reuse. */
  const free: SharedArrayBuffer[] = [];
  const readBlocks = async (group: readonly number[]): Promise<Block[]> => {
    const buffer = free.pop() ?? new SharedArrayBuffer(blocksPerJob * blockSizeBytes);
    const stretches = group.map((index, place) => ({
      at: place * blockSizeBytes,
      ...extentOf(index, reader),
    }));
    // The disk may end within the block.
    for (const { at, length } of stretches)
      if (length < blockSizeBytes) fillWithZeros(Buffer.from(buffer, at, blockSizeBytes), length);
    const length = group.length * blockSizeBytes;
    const filled = await reader.fill({ length, buffer, stretches, sha256: digests, signal });
    // Until this reading is done with it, and each of its blocks.
    let users = 1;
    const release = () => {
      users -= 1;
      if (users === 0) free.push(buffer);
    };
    const blocks = group.map((index, place): Block => {
      const data = Buffer.from(buffer, place * blockSizeBytes, blockSizeBytes);
      const digest = filled.digests?.[place];
      if (digest ? digest.equals(zeroDigest) : isZeroBlock(data))
        return { index, data: zeroBlock, ...(digest && { digest: zeroDigest }), release: () => {} };
      users += 1;
      return { index, data, ...(digest && { digest }), release };
    });
    release();
    return blocks;
  };
  const jobs = inGroups(indexes, blocksPerJob);
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
