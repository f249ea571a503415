import type { AwsCallError } from './aws-call-error.ts';
import { pause } from './pause.ts';
import { policies } from './policies.ts';
import type { Waiter } from './waiter.ts';

/** The wait of one call for something that the account has under way to end. */
export interface QuotaWait {
  /**
   * Waits before the next attempt.
   *
   * @throws the error, once the limit has been in the way for too long
   */
  wait(error: AwsCallError): Promise<void>;
}

/** @param limitMs default 2 hours */
export function watchQuota(waiter: Waiter, limitMs: number = policies.startQuota.limitMs): QuotaWait {
  const since = waiter.elapsed();
  let attempts = 0;
  return {
    async wait(error) {
      if (waiter.elapsed() - since >= limitMs) throw error;
      attempts += 1;
      if (attempts === 1) waiter.notice(`${error.message}; waiting for what is under way to end.`);
      await pause(waiter, { n: attempts, pace: policies.startQuota });
    },
  };
}
