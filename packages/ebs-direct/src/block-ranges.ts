import type { BlockRange } from '@ec2-image/disk-blocks';

/** Collects indexes that come in ascending order. */
export function createRanges(): { readonly list: readonly BlockRange[]; add(index: number): void } {
  const list: { first: number; end: number }[] = [];
  return {
    list,
    add(index) {
      const last = list.at(-1);
      if (last?.end === index) last.end += 1;
      else list.push({ first: index, end: index + 1 });
    },
  };
}

/** Whether an index is in one of the ranges, which are in order. */
export function isWithin(ranges: readonly BlockRange[], index: number): boolean {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle]!.end <= index) low = middle + 1;
    else high = middle;
  }
  return (ranges[low]?.first ?? Number.POSITIVE_INFINITY) <= index;
}

/** Of all blocks of the ranges. */
export function sizeOf(ranges: readonly BlockRange[]): number {
  return ranges.reduce((sum, { first, end }) => sum + end - first, 0);
}
