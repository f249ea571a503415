import { type Block, blockSizeBytes } from '@ec2-image/disk-blocks';
import type { BlockPlaces } from '../layout/layout.ts';

/** Bytes of the file, and where they go. */
export interface PlacedBytes {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/**
 * Where the blocks of a disk go in its file, as they come: the position of a block follows from the blocks before it alone.
 *
 * @param options.virtualSize in bytes
 */
export function createPlacement({
  places: { at, sizeBytes, lead },
  virtualSize,
}: {
  readonly places: BlockPlaces;
  readonly virtualSize: number;
}): (block: Pick<Block, 'index' | 'data'>) => PlacedBytes[] {
  const leadLength = lead?.length ?? 0;
  let last: { readonly block: number; readonly at: number } | undefined;
  return ({ index, data }) => {
    const placed: PlacedBytes[] = [];
    const start = index * blockSizeBytes;
    const end = Math.min(start + data.length, virtualSize);
    for (let offset = start; offset < end; ) {
      const block = Math.floor(offset / sizeBytes);
      if (last?.block !== block) {
        last = { block, at: last ? last.at + leadLength + sizeBytes : at };
        if (lead) placed.push({ at: last.at, bytes: lead });
      }
      const until = Math.min(end, (block + 1) * sizeBytes);
      placed.push({
        at: last.at + leadLength + offset - block * sizeBytes,
        bytes: data.subarray(offset - start, until - start),
      });
      offset = until;
    }
    return placed;
  };
}
