import { type Block, type BlockRange, blockCount, zeroBlock } from '@ec2-image/disk-blocks';
import { volumeBlocks } from './volume-size.ts';

/** What was never written in the source of a disk, in order. */
export type Holes = (options: { readonly signal?: AbortSignal }) => AsyncIterable<BlockRange>;

export interface WholeVolumeOptions {
  /** Those that are not all zeros, in order. */
  readonly blocks: AsyncIterable<Block>;
  /** Of the disk. */
  readonly sizeBytes: number;
  /** Left out, as is the rest of the volume past the disk's end. Default: nothing is. */
  readonly holes?: AsyncIterable<BlockRange>;
  /** Is told each block that is left out, in order. */
  readonly onOmitted?: (index: number) => void;
}

/**
 * Every block of the volume in order. One that `blocks` does not yield is zeros: if it was never written, it would read as
 * noise on an encrypted volume. A block that `blocks` yields is never left out.
 */
export async function* wholeVolume({
  blocks,
  sizeBytes,
  holes,
  onOmitted,
}: WholeVolumeOptions): AsyncGenerator<Block> {
  const isHole = createHoleTest(holes && upToTheEnd(holes, sizeBytes));
  let next = 0;
  const zerosUntil = async function* (end: number): AsyncGenerator<Block> {
    for (; next < end; next += 1) {
      if (await isHole(next)) onOmitted?.(next);
      else yield { index: next, data: zeroBlock, release: () => {} };
    }
  };
  for await (const block of blocks) {
    yield* zerosUntil(block.index);
    next = block.index + 1;
    yield block;
  }
  yield* zerosUntil(volumeBlocks(sizeBytes));
}

async function* upToTheEnd(holes: AsyncIterable<BlockRange>, sizeBytes: number): AsyncGenerator<BlockRange> {
  yield* holes;
  yield { first: blockCount(sizeBytes), end: volumeBlocks(sizeBytes) };
}

/** To be asked about blocks in ascending order. */
function createHoleTest(
  holes: AsyncIterable<BlockRange> | undefined,
): (index: number) => boolean | Promise<boolean> {
  if (!holes) return () => false;
  const ranges = holes[Symbol.asyncIterator]();
  let current: BlockRange = { first: 0, end: 0 };
  return async (index) => {
    while (current.end <= index) {
      const { done, value } = await ranges.next();
      if (done) return false;
      current = value;
    }
    return current.first <= index;
  };
}
