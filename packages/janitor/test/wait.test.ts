import { expect, it } from 'vitest';
import { waitFor } from '../src/wait.ts';

const limits = { firstMs: 1_000, longestMs: 4_000, limitMs: 20_000, what: 'it' };

it('asks at growing intervals until the answer is there', async () => {
  const pauses: number[] = [];
  let asked = 0;
  const answer = await waitFor(async () => (++asked === 5 ? 'here' : undefined), {
    ...limits,
    sleep: async (ms) => void pauses.push(ms),
  });
  expect(answer).toBe('here');
  expect(pauses).toEqual([1_000, 2_000, 4_000, 4_000]);
});

it('gives up within its limit', async () => {
  let slept = 0;
  const waiting = waitFor(async () => undefined, {
    ...limits,
    sleep: async (ms) => {
      slept += ms;
    },
  });
  await expect(waiting).rejects.toMatchObject({
    code: 'GAVE_UP_WAITING',
    message: expect.stringContaining('for it after 19 s'),
  });
  expect(slept).toBe(19_000);
});

it('stops with the signal’s reason', async () => {
  const controller = new AbortController();
  const waiting = waitFor(async () => undefined, {
    ...limits,
    signal: controller.signal,
    sleep: async () => controller.abort(new Error('enough')),
  });
  await expect(waiting).rejects.toThrow('enough');
});
