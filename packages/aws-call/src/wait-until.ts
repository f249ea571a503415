import { isTransient } from './aws-call-error.ts';
import type { Pace } from './back-off.ts';
import { isOutage, watchOutage } from './outage.ts';
import { pause } from './pause.ts';
import { type Policy, policies } from './policies.ts';
import type { Waiter } from './waiter.ts';

export interface Wait<T> {
  /** Pauses grow from its `firstMs` to its `longestMs`, and are never longer than the waiter's `pollIntervalMs`. */
  readonly policy: Policy;
  /** Undefined: not yet. */
  readonly ask: () => Promise<T | undefined>;
  /** Makes the error once the policy's `limitMs` has passed. Without it, `ask` ends the wait by throwing. */
  readonly onTimeout?: (waitedMs: number) => unknown;
}

/**
 * Asks until there is an answer. What is transient (throttling, the network, the service itself) is asked again for the
 * waiter's `outageTimeoutMs` since the last answer; every other error ends the wait. Outages do not count to its limit.
 */
export async function waitUntil<T>(waiter: Waiter, { policy, ask, onTimeout }: Wait<T>): Promise<T> {
  const since = waiter.elapsed();
  const outage = watchOutage(waiter);
  let answers = 0;
  let failures = 0;
  let answeredAt = since;
  for (;;) {
    let pace: Pace = policy;
    try {
      const found = await ask();
      outage.end();
      if (found !== undefined) return found;
      if (failures > 0) waiter.notice(`${waiter.service} answers again.`);
      failures = 0;
      answers += 1;
      answeredAt = waiter.elapsed();
      const waitedMs = answeredAt - since;
      if (onTimeout && policy.limitMs !== undefined && waitedMs >= policy.limitMs) throw onTimeout(waitedMs);
    } catch (error) {
      if (!isTransient(error)) throw error;
      if (isOutage(error)) {
        await outage.endure(error);
        continue;
      }
      if (waiter.elapsed() - answeredAt >= waiter.outageTimeoutMs) throw error;
      failures += 1;
      pace = policies.outage;
      if (failures === 1) waiter.notice(`${(error as Error).message}; retrying.`);
    }
    await pause(waiter, { n: failures || answers, pace });
  }
}

/** As {@link waitUntil}, but for no longer than the policy's `limitMs`: undefined where nothing was found until then. */
export async function findInTime<T>(
  waiter: Waiter,
  {
    policy,
    find,
  }: { readonly policy: Policy & { readonly limitMs: number }; readonly find: () => Promise<T | undefined> },
): Promise<T | undefined> {
  const since = waiter.elapsed();
  const ask = async () => {
    const found = await find();
    return found !== undefined || waiter.elapsed() - since >= policy.limitMs ? { found } : undefined;
  };
  const { found } = await waitUntil(waiter, { policy, ask });
  return found;
}

/** A read carried through an outage as a wait is: for looking up what a call did whose answer was lost. */
export async function retryThroughOutage<T>(waiter: Waiter, read: () => Promise<T>): Promise<T> {
  const { answer } = await waitUntil(waiter, {
    policy: policies.outage,
    ask: async () => ({ answer: await read() }),
  });
  return answer;
}

/** The first answer that is not undefined; undefined once several reads have agreed on it, since reads lag behind writes. */
export async function findConsistently<T>(
  waiter: Waiter,
  find: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const { attempts } = policies.consistentAbsence;
  for (let n = 1; ; n += 1) {
    const found = await find();
    if (found !== undefined || n === attempts) return found;
    await pause(waiter, { n, pace: policies.consistentAbsence });
  }
}
