import { blockSizeBytes } from './block.ts';
import type { Extent } from './disk.ts';

/** Blocks from `first` up to `end`, which is not among them. */
export interface BlockRange {
  readonly first: number;
  readonly end: number;
}

/** The blocks that lie in holes altogether. Holes come in order; neighbours count as one, and the last block ends with the disk. */
export async function* blocksWithin(
  holes: AsyncIterable<Extent>,
  { sizeBytes }: { readonly sizeBytes: number },
): AsyncGenerator<BlockRange> {
  let open: { offset: number; end: number } | undefined;
  for await (const { offset, length } of holes) {
    if (open?.end === offset) {
      open.end += length;
      continue;
    }
    if (open) yield* whole(open, sizeBytes);
    open = { offset, end: offset + length };
  }
  if (open) yield* whole(open, sizeBytes);
}

function* whole({ offset, end }: { offset: number; end: number }, sizeBytes: number): Generator<BlockRange> {
  const first = Math.ceil(offset / blockSizeBytes);
  const last = end >= sizeBytes ? Math.ceil(sizeBytes / blockSizeBytes) : Math.floor(end / blockSizeBytes);
  if (first < last) yield { first, end: last };
}
