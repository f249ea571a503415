import type { Extent } from '@ec2-image/disk-blocks';
import type { BlockPlaces, DiskLayout, Literal, Piece } from './layout.ts';
import { type Present, stretchesWithin } from './present.ts';

interface Blocks extends BlockPlaces {
  /** The indexes in the disk of the blocks that are in the file, in order. */
  readonly indexes: ArrayLike<number>;
}

export interface BlocksLayoutOptions {
  /** What stands before the blocks and behind them, in order; `at` counts from the file's beginning. */
  readonly literals: readonly Literal[];
  readonly blocks: Blocks;
  readonly present: Present;
  readonly fileSize: number;
}

/** The plan of a file that is a head, blocks of the disk, and a tail. */
export function blocksLayout(options: BlocksLayoutOptions): DiskLayout {
  const { literals, blocks, present, fileSize } = options;
  const head = literals.filter(({ at }) => at < blocks.at);
  const tail = literals.filter(({ at }) => at >= blocks.at);
  return {
    blocks,
    fileSize,
    *pieces(range) {
      const { offset, length } = range;
      if (offset < 0 || length < 0 || offset + length > fileSize)
        throw new RangeError(`no ${length} bytes at byte ${offset} of a file of ${fileSize}`);
      for (const literal of head) yield* clipped(literal, range);
      yield* piecesOfBlocks(blocks, present, range);
      for (const literal of tail) yield* clipped(literal, range);
    },
  };
}

function* piecesOfBlocks(
  { at, sizeBytes, lead, indexes }: Blocks,
  present: Present,
  range: Extent,
): Generator<Piece> {
  const leadLength = lead?.length ?? 0;
  const stride = leadLength + sizeBytes;
  const end = range.offset + range.length;
  for (let i = Math.max(0, Math.floor((range.offset - at) / stride)); i < indexes.length; i++) {
    const blockAt = at + i * stride;
    if (blockAt >= end) return;
    if (lead) yield* clipped({ at: blockAt, bytes: lead }, range);
    // What to add to a position in the disk to have it in the file.
    const shift = blockAt + leadLength - indexes[i]! * sizeBytes;
    const first = Math.max(range.offset, blockAt + leadLength) - shift;
    const last = Math.min(end, blockAt + stride) - shift;
    for (const { offset, length } of stretchesWithin(present, first, last))
      yield { at: offset + shift - range.offset, offset, length };
  }
}

function* clipped({ at, bytes }: Literal, range: Extent): Generator<Literal> {
  const start = Math.max(at, range.offset);
  const end = Math.min(at + bytes.length, range.offset + range.length);
  if (start < end) yield { at: start - range.offset, bytes: bytes.subarray(start - at, end - at) };
}
