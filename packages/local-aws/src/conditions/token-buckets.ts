import type { Rate } from './rates.ts';

export interface TokenBuckets {
  /** Takes a token; false where there is none. */
  take(rate: Rate): boolean;
}

/**
 * How much faster the buckets of adverse conditions fill than the clock runs. Who tries the tool here polls every 50 ms where people poll
 * every 15 s, and waits as many times less.
 */
export const bucketClockScale = 50;

export function createTokenBuckets({
  now,
  clockScale,
}: {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Of what fills the buckets: 1 is AWS's own pace. */
  readonly clockScale: number;
}): TokenBuckets {
  const buckets = new Map<string, { tokens: number; filledAt: number }>();
  return {
    take({ bucket: name, capacity, perSecond }) {
      const at = now();
      const bucket = buckets.get(name) ?? { tokens: capacity, filledAt: at };
      buckets.set(name, bucket);
      const seconds = (Math.max(0, at - bucket.filledAt) / 1000) * clockScale;
      bucket.tokens = Math.min(capacity, bucket.tokens + seconds * perSecond);
      bucket.filledAt = at;
      if (bucket.tokens < 1) return false;
      bucket.tokens -= 1;
      return true;
    },
  };
}
