import { type Clock, systemClock } from './clock.ts';
import type { DecodeDenial } from './encoded-denial.ts';
import { createOutageRecord, type OutageRecord } from './outage-record.ts';
import type { ServiceName } from './permissions.ts';
import { policies } from './policies.ts';

/** What every verb that calls AWS takes, beside its client. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Told what a user should read, one sentence at a time. */
  readonly onNotice?: (message: string) => void;
  /** The longest polling interval, in milliseconds. Default 15000: EC2 throttles an account that asks oftener. */
  readonly pollIntervalMs?: number;
  /** How long to retry while the service gives no answer, and in waits while it throttles, in milliseconds. Default 15 minutes. */
  readonly outageTimeoutMs?: number;
  readonly clock?: Clock;
  /** Default: none, and what EC2 encodes of a denial is left to whoever reads the hint. */
  readonly decodeDenial?: DecodeDenial;
}

/** What a wait needs: a clock, a signal and its limits. */
export interface Waiter {
  readonly service: ServiceName;
  readonly signal: AbortSignal | undefined;
  readonly pollIntervalMs: number;
  readonly outageTimeoutMs: number;
  /** Rejects with the signal's reason where that aborts. */
  sleep(ms: number): Promise<void>;
  /** Milliseconds since 1970: for ages. */
  now(): number;
  /** Milliseconds, the service's outages left out: what limits are measured by. It pauses while there is no answer. */
  elapsed(): number;
  readonly outages: OutageRecord;
  random(): number;
  notice(message: string): void;
}

export function createWaiter({
  service,
  signal,
  onNotice,
  pollIntervalMs = policies.importTask.longestMs,
  outageTimeoutMs = policies.outage.limitMs,
  clock = systemClock,
}: CallOptions & { readonly service: ServiceName }): Waiter {
  const total = () => clock.elapsed?.() ?? clock.now();
  const notice = (message: string) => onNotice?.(message);
  const outages = createOutageRecord({ service, now: clock.now, elapsed: total, notice });
  return {
    service,
    signal,
    pollIntervalMs,
    outageTimeoutMs,
    outages,
    elapsed: () => total() - outages.lostMs(),
    async sleep(ms) {
      try {
        await clock.sleep(ms, signal);
      } catch (error) {
        // Node wraps the reason of an abort in an error of its own.
        signal?.throwIfAborted();
        throw error;
      }
      signal?.throwIfAborted();
    },
    now: clock.now,
    random: clock.random,
    notice,
  };
}

/** The same options, for what must still be done after the run was told to stop: not the user's signal, a short limit instead. */
export function afterAbort<Options extends CallOptions>(options: Options): Options {
  const { limitMs } = policies.cleanUp;
  return { ...options, signal: AbortSignal.timeout(limitMs), outageTimeoutMs: limitMs };
}
