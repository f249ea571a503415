import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBufferPool } from '../src/disk/buffer-pool.ts';
import {
  mostParts,
  partRange,
  planConcurrency,
  planParts,
  shownPartSize,
  smallestPartSize,
} from '../src/disk/part-plan.ts';
import { DiskRange } from '../src/send/disk-range.ts';
import { mebibyte } from './support/disks.ts';

describe('part plan', () => {
  /** Up to what 10,000 parts of 5 GiB hold. */
  const size = fc.integer({ min: 1, max: mostParts * 5 * 2 ** 30 });
  const partSize = fc.option(fc.integer({ min: 1, max: 5 * 2 ** 30 }), { nil: undefined });

  test('the parts are the disk, in order, within S3’s limits', () => {
    fc.assert(
      fc.property(size, partSize, (bytes, asked) => {
        const plan = planParts({ size: bytes, partSize: asked });
        expect(plan.count).toBeLessThanOrEqual(mostParts);
        expect(plan.partSize).toBeGreaterThanOrEqual(Math.max(smallestPartSize, asked ?? 0));
        expect(plan.partSize % mebibyte).toBe(0);
        const first = partRange(plan, 1);
        const last = partRange(plan, plan.count);
        expect(first.start).toBe(0);
        expect(last.end).toBe(bytes);
        expect(last.start).toBeLessThan(last.end);
        expect(partRange(plan, plan.count + 1)).toEqual({ start: bytes, end: bytes });
        if (plan.count > 1) expect(first.end).toBe(partRange(plan, 2).start);
      }),
    );
  });

  test.each([
    [1, 8, 1],
    [8 * mebibyte, 8, 1],
    [8 * mebibyte + 1, 8, 2],
    [78 * 2 ** 30, 8, 9984],
    [157 * 2 ** 30, 17, 9457],
    [2 ** 40, 105, 9987],
  ])('%d bytes: parts of %d MiB, %d of them', (bytes, mebibytes, count) => {
    expect(planParts({ size: bytes })).toEqual({ size: bytes, partSize: mebibytes * mebibyte, count });
  });

  test.each([
    [undefined, 2 ** 30, undefined],
    [8 * mebibyte, 2 ** 30, 8 * mebibyte],
    [8 * mebibyte + 1, 2 ** 30, undefined],
    [4 * mebibyte, 2 ** 30, undefined],
    [128 * mebibyte, 2 ** 30, undefined],
    [8 * mebibyte, 2 ** 40, undefined],
  ])('a first part of %s in a disk of %d bytes shows %s', (firstPartSize, bytes, shown) => {
    expect(shownPartSize({ firstPartSize, size: bytes })).toBe(shown);
  });

  test('large parts are sent by fewer at once', () => {
    const at = (mebibytes: number) => planConcurrency({ partSize: mebibytes * mebibyte, concurrency: 4 });
    expect([5, 8, 9, 16, 32, 1000].map(at)).toEqual([4, 4, 3, 2, 1, 1]);
  });
});

test('lib-storage cuts a stretch of the disk as it would cut its bytes', () => {
  fc.assert(
    fc.property(fc.nat(1e12), fc.nat(1e12), fc.nat(1e12), fc.nat(1e12), (start, length, from, width) => {
      const part = new DiskRange({ start, end: start + length }).subarray(from, from + width);
      expect(part).toBeInstanceOf(Uint8Array);
      expect(part.start).toBe(start + from);
      expect(part.end).toBe(Math.min(start + from + width, start + length));
      expect(part.byteLength).toBe(part.end - part.start);
    }),
  );
});

test('a pool hands out no buffer twice, and no more than it may', async () => {
  const pool = createBufferPool({ count: 3, make: () => Buffer.alloc(8) });
  const used = new Set<Buffer>();
  const seen = new Set<Buffer>();
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      const buffer = await pool.take();
      expect(used.has(buffer)).toBe(false);
      used.add(buffer);
      seen.add(buffer);
      await new Promise(setImmediate);
      used.delete(buffer);
      pool.give(buffer);
    }),
  );
  expect(seen.size).toBe(3);
});
