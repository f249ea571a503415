import { expect, test } from 'vitest';
import { expectedCalls } from '../src/large-accounts/expected-calls.ts';
import { largeAccount, maxPeakBytes } from '../src/large-accounts/figures.ts';
import { commandNames, runOnLargeAccount } from '../src/large-accounts/large-account.ts';
import { surplusOf } from '../src/large-accounts/run-command.ts';
import { leftovers } from '../src/large-accounts/seed-account.ts';

test('500 images and 170,000 resources in 20 regions: every page read once, memory flat, minutes at most', async () => {
  const runs = await runOnLargeAccount(largeAccount);
  for (const name of commandNames) {
    const { calls, peak, seconds } = runs[name];
    expect(surplusOf(calls, expectedCalls(largeAccount, { seconds })[name]), name).toEqual([]);
    // A process that was never seen would pass any limit.
    expect(peak.own, name).toBeGreaterThan(30 * 2 ** 20);
    expect(peak.own, name).toBeLessThanOrEqual(maxPeakBytes);
    expect(seconds, name).toBeLessThan(600);
  }
  const { images, regions } = largeAccount;
  const perRegion = leftovers.snapshots + leftovers.images + leftovers.objects;
  expect(commandNames.map((name) => runs[name].found)).toEqual([
    images,
    (2 * images + leftovers.images) * regions.length,
    perRegion * regions.length,
    images * regions.length,
    images * regions.length,
  ]);
});
