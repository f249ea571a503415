import { expect, test } from 'vitest';
import { largeAccount, runJanitor } from '../src/janitor.ts';
import { maxPeakBytes } from '../src/system-disk.ts';

test('36: 100,000 snapshots, 50,000 objects, 20,000 AMIs: every page read once, memory flat, minutes at most', async () => {
  const { surplus, peak, seconds, toDelete } = await runJanitor(largeAccount);
  expect(surplus).toEqual([]);
  expect(toDelete).toBe(55);
  expect(peak.own).toBeGreaterThan(30 * 2 ** 20);
  expect(peak.own).toBeLessThanOrEqual(maxPeakBytes);
  expect(seconds).toBeLessThan(300);
});
