import { type Block, blockSizeBytes, isZeroBlock } from './block.ts';

/** A run of the disk, in bytes, that may hold data; what lies between runs reads as zeros. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** The content of a virtual disk, wherever it is kept. */
export interface Disk extends AsyncDisposable {
  readonly sizeBytes: number;
  /** In order, without overlap. */
  extents(options: { readonly signal?: AbortSignal }): AsyncIterable<Extent>;
  /** Fills the buffer from the offset; past the disk's end come zeros. */
  readInto(buffer: Buffer, offset: number): Promise<void>;
}

/** The blocks that hold data, in order; all-zero ones left out. A buffer is the receiver's to keep. */
export async function* diskBlocks({
  disk,
  signal,
}: {
  readonly disk: Disk;
  readonly signal?: AbortSignal;
}): AsyncGenerator<Block> {
  const ahead: Promise<Block>[] = [];
  for await (const index of dataBlockIndexes({ disk, signal })) {
    signal?.throwIfAborted();
    const read = readBlock(disk, index);
    read.catch(() => {});
    ahead.push(read);
    if (ahead.length < readsAhead) continue;
    const block = await ahead.shift()!;
    if (!isZeroBlock(block.data)) yield block;
  }
  for (const read of ahead) {
    const block = await read;
    if (!isZeroBlock(block.data)) yield block;
  }
}

/** Blocks under way from the disk at a time: enough to hide its latency. */
const readsAhead = 8;

export async function readBlock(disk: Disk, index: number): Promise<Block> {
  const data = Buffer.allocUnsafe(blockSizeBytes);
  await disk.readInto(data, index * blockSizeBytes);
  return { index, data };
}

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
