import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAdaptiveLimit } from '../src/adaptive-limit.ts';

/** Enters as often as it may, and says how often that was. */
async function inside(limit: ReturnType<typeof createAdaptiveLimit>, wanted: number): Promise<number> {
  let entered = 0;
  for (let n = 0; n < wanted; n += 1) limit.enter().then(() => (entered += 1));
  await new Promise(setImmediate);
  return entered;
}

test('lets so many in, and the next as one leaves', async () => {
  const limit = createAdaptiveLimit({ max: 4 });
  expect(await inside(limit, 6)).toBe(4);
  let fifth = false;
  limit.enter().then(() => (fifth = true));
  for (let n = 0; n < 3; n += 1) limit.leave('done');
  await new Promise(setImmediate);
  expect(fifth).toBe(true);
});

test('halves once for a burst of throttling, and comes back by one a round', async () => {
  const limit = createAdaptiveLimit({ max: 32 });
  await inside(limit, 32);
  for (let n = 0; n < 8; n += 1) limit.leave('throttled');
  expect(limit.limit).toBe(16);
  for (let n = 0; n < 24; n += 1) limit.leave('throttled');
  expect(limit.limit).toBeLessThan(16);
  const low = limit.limit;
  for (let n = 0; n < 2 * low + 2; n += 1) {
    await limit.enter();
    limit.leave('done');
  }
  expect(limit.limit).toBeGreaterThan(low);
  expect(limit.limit).toBeLessThanOrEqual(low + 3);
});

test('stays between its bounds, whatever happens', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 64 }),
      fc.array(fc.constantFrom('done' as const, 'throttled' as const, 'failed' as const), { maxLength: 300 }),
      (max, outcomes) => {
        const limit = createAdaptiveLimit({ max });
        for (const outcome of outcomes) {
          limit.enter();
          limit.leave(outcome);
          expect(limit.limit).toBeGreaterThanOrEqual(1);
          expect(limit.limit).toBeLessThanOrEqual(max);
        }
      },
    ),
  );
});
