import { isTransient } from './aws-call-error.ts';
import type { Policy } from './policies.ts';
import type { Waiter } from './sender.ts';
import { pause } from './wait-until.ts';

export interface Retry<T> {
  readonly policy: Policy;
  /** Given the number of the attempt, from 1. */
  readonly call: (attempt: number) => Promise<T>;
  /** Default {@link isTransient}: then the call must be one that does no harm where it was carried out already. */
  readonly isRetryable?: (error: unknown) => boolean;
}

/**
 * Makes the call until it succeeds, fails for good, or the policy's `attempts` or `limitMs` are used up; then it rejects
 * with the last error, as it is.
 */
export async function retry<T>(
  waiter: Waiter,
  { policy, call, isRetryable = isTransient }: Retry<T>,
): Promise<T> {
  const { attempts = Number.POSITIVE_INFINITY, limitMs = Number.POSITIVE_INFINITY } = policy;
  const since = waiter.now();
  for (let n = 1; ; n += 1) {
    try {
      return await call(n);
    } catch (error) {
      waiter.signal?.throwIfAborted();
      if (!isRetryable(error) || n >= attempts || waiter.now() - since >= limitMs) throw error;
    }
    await pause(waiter, { n, pace: policy });
  }
}
