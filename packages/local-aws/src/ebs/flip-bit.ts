import type { ActionOf } from '../faults/rules.ts';

/** A copy of the data in which one bit, by default one in the middle, is another. */
export function flipBit(data: Buffer, { offset, bit = 0 }: ActionOf<'flip-bit'>): Buffer {
  const copy = Buffer.from(data);
  const at = Math.min(offset ?? Math.floor(data.length / 2), data.length - 1);
  copy[at] = copy[at]! ^ (1 << bit);
  return copy;
}
