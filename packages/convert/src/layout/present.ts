import type { Extent } from '@ec2-image/disk-blocks';
import { firstWhere } from './first-where.ts';

/** What of a disk may hold anything but zeros: begin and end of each stretch in bytes, in order and apart from each other. */
export interface Present {
  readonly starts: Float64Array;
  readonly ends: Float64Array;
}

/** @throws RangeError of a disk without whole sectors, of stretches that are not in order, overlap, or do not lie within it in whole sectors */
export function presentFrom(extents: Iterable<Extent>, virtualSize: number): Present {
  if (!Number.isSafeInteger(virtualSize) || virtualSize <= 0 || virtualSize % sectorSize !== 0)
    throw new RangeError(`a disk of ${virtualSize} bytes has no whole sectors`);
  const starts: number[] = [];
  const ends: number[] = [];
  let last = 0;
  for (const { offset, length } of extents) {
    const end = offset + length;
    const isOrdered = offset >= last && length >= 0 && end <= virtualSize;
    if (!isOrdered || offset % sectorSize !== 0 || length % sectorSize !== 0)
      throw new RangeError(`no stretch of ${length} bytes at byte ${offset} can follow byte ${last}`);
    if (length === 0) continue;
    if (offset === last && ends.length > 0) ends[ends.length - 1] = end;
    else {
      starts.push(offset);
      ends.push(end);
    }
    last = end;
  }
  return { starts: Float64Array.from(starts), ends: Float64Array.from(ends) };
}

export const sectorSize = 512;

export function bytesIn(extents: readonly Extent[]): number {
  return extents.reduce((sum, { length }) => sum + length, 0);
}

/** The blocks that hold a part of a stretch, in order. */
export function presentBlocks({ starts, ends }: Present, blockSize: number): Uint32Array {
  const blocks: number[] = [];
  let next = 0;
  for (let i = 0; i < starts.length; i++) {
    const end = Math.ceil(ends[i]! / blockSize);
    for (let block = Math.max(next, Math.floor(starts[i]! / blockSize)); block < end; block++)
      blocks.push(block);
    next = end;
  }
  return Uint32Array.from(blocks);
}

/** What of a range of the disk is present. */
export function* stretchesWithin({ starts, ends }: Present, start: number, end: number): Generator<Extent> {
  const first = firstWhere(ends.length, (index) => ends[index]! > start);
  for (let i = first; i < starts.length && starts[i]! < end; i++) {
    const offset = Math.max(start, starts[i]!);
    yield { offset, length: Math.min(end, ends[i]!) - offset };
  }
}
