import { type Block, blockSizeBytes, createBlockPool, isZeroBlock } from './block.ts';
import { blockOf, digestedBlock } from './digest-block.ts';
import { mapAhead } from './map-ahead.ts';

/** A run of the disk, in bytes, that may hold data; what lies between runs reads as zeros. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** The content of a virtual disk, whatever file format holds it. */
export interface Disk extends AsyncDisposable {
  readonly sizeBytes: number;
  /** In order, without overlap. */
  extents(options: { readonly signal?: AbortSignal }): AsyncIterable<Extent>;
  /**
   * What was never written, as the file's own block map says: unlike zeros that were written, which may be kept as a mark
   * in the map too. In order; nothing where the format has no such map. Of an image of another format than raw only where
   * it was opened `withHoles`.
   */
  holes(options: { readonly signal?: AbortSignal }): AsyncIterable<Extent>;
  /** Fills the buffer from the offset; past the disk's end come zeros. */
  readInto(buffer: Buffer, offset: number): Promise<void>;
}

export interface DiskBlocksOptions {
  readonly disk: Disk;
  /** Whether blocks have their digests, computed in worker threads. Default false. */
  readonly digests?: boolean;
  readonly signal?: AbortSignal;
}

/** The blocks that hold data, in order; all-zero ones are omitted. */
export async function* diskBlocks({
  disk,
  digests = false,
  signal,
}: DiskBlocksOptions): AsyncGenerator<Block> {
  const pool = createBlockPool();
  const readBlock = async (index: number): Promise<Block | undefined> => {
    const data = pool.take();
    await disk.readInto(data, index * blockSizeBytes);
    if (isZeroBlock(data)) return void pool.give(data);
    return digests ? digestedBlock({ index, data, pool, signal }) : blockOf(index, data, pool);
  };
  yield* mapAhead(blockIndexes(disk.extents({ signal })), readBlock, { signal });
}

/** Each block that an extent touches, once. */
export async function* blockIndexes(
  extents: AsyncIterable<Extent> | Iterable<Extent>,
): AsyncGenerator<number> {
  let next = 0;
  for await (const { offset, length } of extents) {
    const first = Math.max(next, Math.floor(offset / blockSizeBytes));
    const last = Math.ceil((offset + length) / blockSizeBytes);
    for (let index = first; index < last; index++) yield index;
    next = Math.max(next, last);
  }
}
