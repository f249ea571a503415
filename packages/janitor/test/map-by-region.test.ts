import { expect, it } from 'vitest';
import { mapByRegion } from '../src/map-by-region.ts';

const resources = ['a', 'a', 'a', 'b', 'a', 'b'].map((region, number) => ({ region, number }));

it('works on so many of each region at a time, and answers in their order', async () => {
  const underWay = new Map<string, number>();
  const most = new Map<string, number>();
  const numbers = await mapByRegion(resources, 2, async ({ region, number }) => {
    const count = (underWay.get(region) ?? 0) + 1;
    underWay.set(region, count);
    most.set(region, Math.max(count, most.get(region) ?? 0));
    await new Promise(setImmediate);
    underWay.set(region, underWay.get(region)! - 1);
    return number;
  });
  expect(numbers).toEqual([0, 1, 2, 3, 4, 5]);
  expect([...most]).toEqual([
    ['a', 2],
    ['b', 2],
  ]);
});

it('a region that waits keeps no other waiting', async () => {
  const done: number[] = [];
  const { promise: never } = Promise.withResolvers<void>();
  void mapByRegion(resources, 1, async ({ region, number }) => {
    if (region === 'a') await never;
    done.push(number);
  });
  await expect.poll(() => done).toEqual([3, 5]);
});

it('throws the first failure', async () => {
  const failing = mapByRegion(resources, 1, async ({ number }) => {
    if (number === 3) throw new Error('refused');
  });
  await expect(failing).rejects.toThrow('refused');
});
