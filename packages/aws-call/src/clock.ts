import { setTimeout as delay } from 'node:timers/promises';

/** Time and chance, in one piece, so that a test can give its own. */
export interface Clock {
  /** Milliseconds since 1970: for ages, and for what is dated. It may be set while it runs. */
  now(): number;
  /** Milliseconds since some moment: for limits. It never jumps. Default: as `now`. */
  elapsed?(): number;
  /** Resolves after `ms` milliseconds; rejects where the signal aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<unknown>;
  /** In [0, 1), as Math.random. */
  random(): number;
}

export const systemClock: Clock = {
  now: Date.now,
  elapsed: () => performance.now(),
  random: Math.random,
  sleep: (ms, signal) => delay(ms, undefined, { signal }),
};
