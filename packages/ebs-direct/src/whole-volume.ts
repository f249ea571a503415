import { type Block, type BlockRange, blockCount, zeroBlock } from '@ec2-image/disk-blocks';
import { volumeBlocks } from './volume-size.ts';

/** Ranges of blocks, in order. */
export type BlockRanges = (options: { readonly signal?: AbortSignal }) => AsyncIterable<BlockRange>;

export interface WholeVolumeOptions {
  /** Those that are not all zeros: in order, or, where there are `zeros`, in any. */
  readonly blocks: AsyncIterable<Block>;
  /** Of the disk. */
  readonly sizeBytes: number;
  /** Blocks of zeros that `blocks` does not yield, known beforehand. Those that are in neither are zeros as well. */
  readonly zeros?: AsyncIterable<BlockRange>;
  /** Left out, as is the rest of the volume past the disk's end. Default: nothing is. */
  readonly holes?: AsyncIterable<BlockRange>;
  /** Whether the volume has something in a block already, so that it cannot be left out. Default: it has nothing. */
  readonly isStored?: (index: number) => boolean;
  /** Is told each block that is left out, in order. */
  readonly onOmitted?: (index: number) => void;
}

/**
 * Every block of the volume, in order where `blocks` are. One that `blocks` does not yield is zeros: if it was never written,
 * it would read as noise on an encrypted volume. A block that `blocks` yields is never left out.
 */
export function wholeVolume(options: WholeVolumeOptions): AsyncGenerator<Block> {
  return options.zeros ? inAnyOrder(options, options.zeros) : inOrder(options);
}

async function* inOrder(options: WholeVolumeOptions): AsyncGenerator<Block> {
  const { blocks, sizeBytes } = options;
  const zerosAt = createZeros(options);
  let next = 0;
  for await (const block of blocks) {
    for (; next < block.index; next += 1) yield* await zerosAt(next);
    next = block.index + 1;
    yield block;
  }
  for (; next < volumeBlocks(sizeBytes); next += 1) yield* await zerosAt(next);
}

/** Those of zeros while no other is there; what holes may be waits for the end, when all holes are known. */
async function* inAnyOrder(
  options: WholeVolumeOptions,
  zeros: AsyncIterable<BlockRange>,
): AsyncGenerator<Block> {
  const { blocks, sizeBytes, holes } = options;
  const zerosAt = createZeros(options);
  const isGiven = new Uint8Array(volumeBlocks(sizeBytes));
  const source = createSource(blocks);
  try {
    if (!holes) {
      for await (const { first, end } of upToTheEnd(zeros, sizeBytes)) {
        for (let index = first; index < end; index += 1) {
          // What has been read takes memory, and goes first.
          for (let block = await source.takeReady(); block; block = await source.takeReady()) {
            isGiven[block.index] = 1;
            yield block;
          }
          isGiven[index] = 1;
          yield zerosOf(index);
        }
      }
    }
    for (let block = await source.take(); block; block = await source.take()) {
      isGiven[block.index] = 1;
      yield block;
    }
    for (const [index, given] of isGiven.entries()) if (!given) yield* await zerosAt(index);
  } finally {
    await source.end();
  }
}

function zerosOf(index: number): Block {
  return { index, data: zeroBlock, release: () => {} };
}

/** For blocks in ascending order: the block of zeros, or nothing where it is left out. */
function createZeros({
  sizeBytes,
  holes,
  isStored = () => false,
  onOmitted,
}: WholeVolumeOptions): (index: number) => Promise<readonly Block[]> {
  const isHole = createHoleTest(holes && upToTheEnd(holes, sizeBytes));
  return async (index) => {
    if (!(await isHole(index)) || isStored(index)) return [zerosOf(index)];
    onOmitted?.(index);
    return [];
  };
}

async function* upToTheEnd(ranges: AsyncIterable<BlockRange>, sizeBytes: number): AsyncGenerator<BlockRange> {
  yield* ranges;
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

/** Blocks of which the next one is always asked for, so that it is known whether it is there. */
function createSource(blocks: AsyncIterable<Block>) {
  const iterator = blocks[Symbol.asyncIterator]();
  const ask = () => {
    const asked = { answer: iterator.next(), isThere: false };
    const note = () => {
      asked.isThere = true;
    };
    asked.answer.then(note, note);
    return asked;
  };
  let next = ask();
  const take = async (): Promise<Block | undefined> => {
    const { done, value } = await next.answer;
    if (done) return undefined;
    next = ask();
    return value;
  };
  return {
    /** Undefined at the end. */
    take,
    /** Undefined where it is not there yet, too. */
    takeReady: async () => (next.isThere ? take() : undefined),
    end: async () => {
      await iterator.return?.();
    },
  };
}
