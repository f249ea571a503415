import { setTimeout as delay } from 'node:timers/promises';
import { JanitorError } from './errors.ts';

export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

export const realSleep: Sleep = (ms, signal) => delay(ms, undefined, { signal });

export interface Waiting {
  readonly sleep: Sleep;
  readonly signal?: AbortSignal;
}

/**
 * Asks until the answer is there, at growing intervals.
 *
 * @param ask undefined: not yet
 * @param options.limitMs how long the pauses may add up to
 * @param options.what ends the sentence "gave up waiting for …"
 * @throws JanitorError `GAVE_UP_WAITING`
 */
export async function waitFor<T>(
  ask: () => Promise<T | undefined>,
  {
    firstMs,
    longestMs,
    limitMs,
    what,
    sleep,
    signal,
  }: Waiting & {
    readonly firstMs: number;
    readonly longestMs: number;
    readonly limitMs: number;
    readonly what: string;
  },
): Promise<T> {
  for (let pauseMs = firstMs, waitedMs = 0; ; pauseMs = Math.min(2 * pauseMs, longestMs)) {
    signal?.throwIfAborted();
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (waitedMs + pauseMs > limitMs) {
      throw new JanitorError(
        'GAVE_UP_WAITING',
        `gave up waiting for ${what} after ${Math.round(waitedMs / 1000)} s`,
        {
          hint: 'Run the janitor again later: it goes on where this run stopped.',
          facts: { what, waitedMs },
        },
      );
    }
    await sleep(pauseMs, signal);
    waitedMs += pauseMs;
  }
}

/** EC2's reads lag behind its writes by seconds, at worst by a few minutes. */
export const untilConfirmed = { firstMs: 1_000, longestMs: 15_000, limitMs: 180_000 };

/** A snapshot stays "in use" for minutes after its AMI was deregistered. */
export const untilReleased = { firstMs: 5_000, longestMs: 30_000, limitMs: 600_000 };

/** A cancelled import winds up what it has begun: usually within a minute or two. */
export const untilEnded = { firstMs: 1_000, longestMs: 15_000, limitMs: 900_000 };
