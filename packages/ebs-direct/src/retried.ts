import { setTimeout as delay } from 'node:timers/promises';
import { isThrottling } from '@ec2-image/aws-call';
import { explainCall, isPassing } from './errors.ts';

export type Sleep = (ms: number, signal?: AbortSignal) => Promise<unknown>;

export const sleepFor: Sleep = (ms, signal) => delay(ms, undefined, { signal });

/**
 * What the SDK gave up on, tried a few times more. Only for calls that may be made again, by their token or by their
 * nature. Rejects with the signal's reason, or with what `explain` makes of the last failure.
 */
export async function retried<T>(
  call: () => Promise<T>,
  {
    tries,
    pauseMs,
    mayPass = () => false,
    explain,
    signal,
    sleep = sleepFor,
  }: {
    readonly tries: number;
    /** After try n, from 1; half as much more or less is drawn at random. */
    readonly pauseMs: (n: number) => number;
    /** Beside throttling, and what passes with every service. */
    readonly mayPass?: (error: unknown) => boolean;
    readonly explain: (error: unknown) => unknown;
    readonly signal?: AbortSignal;
    readonly sleep?: Sleep;
  },
): Promise<T> {
  for (let n = 1; ; n += 1) {
    try {
      return await call();
    } catch (error) {
      signal?.throwIfAborted();
      if (n >= tries || !(isThrottling(error) || isPassing(error) || mayPass(error))) throw explain(error);
      await sleep(pauseMs(n) * (0.5 + Math.random()), signal);
    }
  }
}

export interface PatientCalls {
  /** The longest pause, in milliseconds. Default 15000. */
  readonly pollIntervalMs?: number;
  readonly signal?: AbortSignal;
  readonly sleep?: Sleep;
}

const patientTries = 6;

/** A call of which a snapshot has a few: tried with long pauses. */
export function patiently<T>(
  { pollIntervalMs = 15_000, signal, sleep }: PatientCalls,
  operation: string,
  call: () => Promise<T>,
): Promise<T> {
  return retried(call, {
    tries: patientTries,
    pauseMs: (n) => Math.min(1000 * 2 ** n, pollIntervalMs),
    explain: (error) => explainCall(error, { operation }),
    signal,
    sleep,
  });
}
