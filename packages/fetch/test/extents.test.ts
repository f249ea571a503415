import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addExtent,
  clipExtents,
  type Extent,
  extentBytes,
  missingExtents,
  wholeUntil,
} from '../src/extents.ts';

const size = 40;
const extent = fc
  .tuple(fc.nat(size), fc.nat(size))
  .map(([one, two]): Extent => ({ start: Math.min(one, two), end: Math.max(one, two) }));

const bytesOf = (extents: readonly Extent[]): boolean[] =>
  Array.from({ length: size }, (_, index) => extents.some(({ start, end }) => start <= index && index < end));

describe('extents, against a bitmap', () => {
  test('adding', () => {
    fc.assert(
      fc.property(fc.array(extent), (added) => {
        const extents = added.reduce<readonly Extent[]>(addExtent, []);
        expect(bytesOf(extents)).toEqual(bytesOf(added));
        expect(extentBytes(extents)).toBe(bytesOf(added).filter(Boolean).length);
        for (const [index, { start, end }] of extents.entries()) {
          expect(start).toBeLessThan(end);
          expect(start).toBeGreaterThan(extents[index - 1]?.end ?? -1);
        }
        const firstGap = bytesOf(added).indexOf(false);
        expect(wholeUntil(extents)).toBe(firstGap === -1 ? size : firstGap);
      }),
    );
  });

  test('what is missing, and what of it lies within', () => {
    fc.assert(
      fc.property(fc.array(extent), extent, (added, within) => {
        const missing = missingExtents(added.reduce<readonly Extent[]>(addExtent, []), size);
        expect(bytesOf(missing)).toEqual(bytesOf(added).map((isThere) => !isThere));
        const inside = bytesOf([within]);
        expect(bytesOf(clipExtents(missing, within))).toEqual(
          bytesOf(missing).map((is, index) => is && inside[index]!),
        );
      }),
    );
  });

  test('without a total the last gap is open', () => {
    expect(missingExtents([{ start: 3, end: 5 }])).toEqual([
      { start: 0, end: 3 },
      { start: 5, end: Number.POSITIVE_INFINITY },
    ]);
  });
});
