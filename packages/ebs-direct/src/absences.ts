import type { BlockRange } from '@ec2-image/disk-blocks';
import { isWithin } from './block-ranges.ts';

/** Blocks that a snapshot lacks. */
export interface Absences {
  /** None of the next blocks, up to this one, is in the snapshot. */
  until(end: number): void;
  /** The snapshot has this block. */
  skip(index: number): void;
  found(): {
    readonly absentBlocks: number;
    /** Those of them that were not to be left out. */
    readonly unexpected: number;
    readonly firstUnexpected: number | undefined;
  };
}

/** @param options.omitted what may be absent, in order */
export function createAbsences({ omitted = [] }: { readonly omitted?: readonly BlockRange[] }): Absences {
  let next = 0;
  let absentBlocks = 0;
  let unexpected = 0;
  let firstUnexpected: number | undefined;
  return {
    until(end) {
      for (; next < end; next += 1) {
        absentBlocks += 1;
        if (isWithin(omitted, next)) continue;
        unexpected += 1;
        firstUnexpected ??= next;
      }
    },
    skip(index) {
      next = index + 1;
    },
    found: () => ({ absentBlocks, unexpected, firstUnexpected }),
  };
}
