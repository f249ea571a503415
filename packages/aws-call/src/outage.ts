import { AwsCallError, isAwsCallError } from './aws-call-error.ts';
import { pause } from './pause.ts';
import { policies } from './policies.ts';
import type { Waiter } from './waiter.ts';

/** The outage that one call meets, or one loop of calls: how often they fail in a row, and for how long. */
export interface Outage {
  /**
   * Waits before the next attempt.
   *
   * @throws the error, once there has been no answer for the waiter's `outageTimeoutMs`
   */
  endure(error: AwsCallError): Promise<void>;
  /** An answer came, whatever it says. */
  end(): void;
}

/** @param waiter its outages become part of what the waiter knows */
export function watchOutage(waiter: Waiter): Outage {
  const { outages, outageTimeoutMs } = waiter;
  const total = () => waiter.elapsed() + outages.lostMs();
  let since = total();
  let attemptedAt = since;
  let failures = 0;
  return {
    async endure(error) {
      if (isEndured(error)) throw error;
      failures += 1;
      outages.failed(error, attemptedAt);
      const lastedMs = total() - since;
      if (lastedMs >= outageTimeoutMs) throw endured(error, lastedMs);
      await pause(waiter, { n: failures, pace: policies.outage });
      attemptedAt = total();
    },
    end() {
      outages.answered();
      since = total();
      attemptedAt = since;
      failures = 0;
    },
  };
}

/** No answer, of the service or of anything on the way to it: nothing that the call says is the reason. */
export function isOutage(error: unknown): error is AwsCallError {
  return isAwsCallError(error, 'AWS_UNREACHABLE', 'PROXY_UNREACHABLE');
}

function isEndured({ facts }: AwsCallError): boolean {
  return facts.unreachableMs !== undefined;
}

function endured(error: AwsCallError, unreachableMs: number): AwsCallError {
  const { code, hint, resumable, facts, message } = error;
  const minutes = Math.round(unreachableMs / 60_000);
  const lasted = minutes > 0 ? `; no answer for ${minutes} min` : '';
  return new AwsCallError(code, `${message}${lasted}`, {
    hint,
    resumable,
    cause: error.cause,
    facts: { ...facts, unreachableMs },
  });
}
