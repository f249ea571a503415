import { isTransient } from './aws-call-error.ts';
import { isOutage, watchOutage } from './outage.ts';
import { pause } from './pause.ts';
import type { Policy } from './policies/policy.ts';
import type { Waiter } from './waiter.ts';

export interface Retry<T> {
  readonly policy: Policy;
  /** Given the number of the attempt, from 1. */
  readonly call: (attempt: number) => Promise<T>;
  /** Default {@link isTransient}: then the call must be one that does no harm where it was carried out already. */
  readonly isRetryable?: (error: unknown) => boolean;
}

/**
 * Makes the call until it succeeds, fails for good, or the policy's `attempts` or `limitMs` are used up; then it rejects
 * with the last error, as it is. What is retryable and an outage is retried for the waiter's `outageTimeoutMs`, and
 * counts to neither.
 */
export async function retry<T>(
  waiter: Waiter,
  { policy, call, isRetryable = isTransient }: Retry<T>,
): Promise<T> {
  const { attempts = Number.POSITIVE_INFINITY, limitMs = Number.POSITIVE_INFINITY } = policy;
  const since = waiter.elapsed();
  const outage = watchOutage(waiter);
  for (let n = 1; ; ) {
    try {
      const answer = await call(n);
      outage.end();
      return answer;
    } catch (error) {
      waiter.signal?.throwIfAborted();
      if (!isRetryable(error)) throw error;
      if (isOutage(error)) {
        await outage.endure(error);
        continue;
      }
      outage.end();
      if (n >= attempts || waiter.elapsed() - since >= limitMs) throw error;
    }
    await pause(waiter, { n, pace: policy });
    n += 1;
  }
}
