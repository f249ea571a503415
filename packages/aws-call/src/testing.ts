import type { Clock } from './clock.ts';

export interface FakeClock extends Clock {
  /** How long everybody slept, in milliseconds. */
  readonly elapsedMs: number;
}

/** A clock for tests: time passes only while somebody sleeps, and pauses have no jitter. */
export function fakeClock(startedAt = Date.parse('2026-11-22T10:00:00Z')): FakeClock {
  let time = startedAt;
  return {
    now: () => time,
    random: () => 0.5,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      time += ms;
      // Everything else gets its turn, as it would while time passes.
      await new Promise((resolve) => setImmediate(resolve));
    },
    get elapsedMs() {
      return time - startedAt;
    },
  };
}
