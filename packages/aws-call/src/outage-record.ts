import type { AwsCallError } from './aws-call-error.ts';
import { formatAwsError } from './error-facts.ts';

/** A shorter one is over before anybody wonders. */
const noticedAfterMs = 3_000;

/** What the senders and waits of one waiter know together of the service's outages. */
export interface OutageRecord {
  /** A call that began then got no answer. */
  failed(error: AwsCallError, since: number): void;
  /** The service has answered. */
  answered(): void;
  /** Milliseconds of all outages so far, the present one included: what no limit counts. */
  lostMs(): number;
}

export function createOutageRecord({
  service,
  now,
  elapsed,
  notice,
}: {
  readonly service: string;
  readonly now: () => number;
  /** With outages. */
  readonly elapsed: () => number;
  readonly notice: (message: string) => void;
}): OutageRecord {
  let began: number | undefined;
  let isNoticed = false;
  let lostMs = 0;
  return {
    failed(error, since) {
      began ??= since;
      const lasted = elapsed() - began;
      if (isNoticed || lasted < noticedAfterMs) return;
      isNoticed = true;
      const time = new Date(now() - lasted).toISOString().slice(11, 19);
      notice(`${service} is unreachable since ${time} UTC; retrying (${whatFailed(error)}).`);
    },
    answered() {
      if (began === undefined) return;
      lostMs += elapsed() - began;
      began = undefined;
      if (isNoticed) notice(`${service} is reachable again.`);
      isNoticed = false;
    },
    lostMs: () => lostMs + (began === undefined ? 0 : elapsed() - began),
  };
}

function whatFailed({ facts: { operation }, cause, message }: AwsCallError): string {
  return cause === undefined ? message : `${operation}: ${formatAwsError(cause).replace(/\s+/g, ' ')}`;
}
