import { type Block, blockSizeBytes, createBlockPool, isZeroBlock } from './block.ts';

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

/** The blocks that hold data, in order; all-zero ones are omitted. */
export async function* diskBlocks({
  disk,
  signal,
}: {
  readonly disk: Disk;
  readonly signal?: AbortSignal;
}): AsyncGenerator<Block> {
  const pool = createBlockPool();
  const ahead: Promise<Block>[] = [];
  const readBlock = async (index: number): Promise<Block> => {
    const data = pool.take();
    await disk.readInto(data, index * blockSizeBytes);
    return { index, data, release: () => pool.give(data) };
  };
  for await (const index of dataBlockIndexes({ disk, signal })) {
    signal?.throwIfAborted();
    const read = readBlock(index);
    // Handled where it is awaited, or ignored once an earlier one has failed.
    read.catch(() => {});
    ahead.push(read);
    if (ahead.length >= readsAhead) yield* unlessZero(await ahead.shift()!);
  }
  for (const read of ahead) yield* unlessZero(await read);
}

function* unlessZero(block: Block): Generator<Block> {
  if (isZeroBlock(block.data)) block.release();
  else yield block;
}

/** Blocks read at a time: enough to hide the disk's latency. */
const readsAhead = 8;

/** Each block that an extent touches, once. */
export async function* dataBlockIndexes({
  disk,
  signal,
}: {
  readonly disk: Disk;
  readonly signal?: AbortSignal;
}): AsyncGenerator<number> {
  let next = 0;
  for await (const { offset, length } of disk.extents({ signal })) {
    const first = Math.max(next, Math.floor(offset / blockSizeBytes));
    const last = Math.ceil((offset + length) / blockSizeBytes);
    for (let index = first; index < last; index++) yield index;
    next = Math.max(next, last);
  }
}
