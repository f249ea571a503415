/** Limits concurrency: fewer at a time when the service throttles, one more for every round in which it does not. */
export interface AdaptiveLimit {
  readonly limit: number;
  enter(): Promise<void>;
  leave(outcome: 'done' | 'throttled' | 'failed'): void;
}

/** Additive increase, multiplicative decrease, as TCP does it. */
export function createAdaptiveLimit({
  max,
  min = 1,
}: {
  readonly max: number;
  readonly min?: number;
}): AdaptiveLimit {
  let limit = max;
  let inside = 0;
  let sinceChange = 0;
  const waiting: (() => void)[] = [];
  const admit = () => {
    while (inside < Math.floor(limit) && waiting.length > 0) {
      inside += 1;
      waiting.shift()!();
    }
  };
  return {
    get limit() {
      return Math.floor(limit);
    },
    enter() {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push(resolve);
      admit();
      return promise;
    },
    leave(outcome) {
      inside -= 1;
      sinceChange += 1;
      if (outcome === 'throttled') {
        // Answers to requests of one burst count once.
        if (sinceChange >= limit || limit === max) {
          limit = Math.max(min, limit / 2);
          sinceChange = 0;
        }
      } else if (outcome === 'done') {
        limit = Math.min(max, limit + 1 / limit);
      }
      admit();
    },
  };
}
