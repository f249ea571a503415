import { setTimeout as delay } from 'node:timers/promises';

/** Time and chance, in one piece, so that a test can give its own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects where the signal aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<unknown>;
  /** In [0, 1), as Math.random. */
  random(): number;
}

export const systemClock: Clock = {
  now: Date.now,
  random: Math.random,
  sleep: (ms, signal) => delay(ms, undefined, { signal }),
};
