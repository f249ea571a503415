import { expect, test } from 'vitest';
import { inventory, runInventory } from '../src/inventory.ts';
import { maxPeakBytes } from '../src/system-disk.ts';

test('500 images in 20 regions: every page read once, memory flat', async () => {
  const [listed, planned] = await runInventory(inventory);
  expect([listed!.count, planned!.count]).toEqual([10_000, 500]);
  for (const { surplus, peak } of [listed!, planned!]) {
    expect(surplus).toEqual([]);
    expect(peak.own).toBeGreaterThan(30 * 2 ** 20);
    expect(peak.own).toBeLessThanOrEqual(maxPeakBytes);
  }
});
