import { setTimeout as delay } from 'node:timers/promises';
import type {
  $Command,
  EC2Client,
  EC2ClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes,
} from '@aws-sdk/client-ec2';
import { explainCall } from '../errors.ts';

/** What every verb of this package takes. */
export interface Ec2Options {
  /** Brings region, credentials, endpoint, retries (adaptive is advised) and the time limit of a request. */
  readonly client: EC2Client;
  readonly signal?: AbortSignal;
  /** Told what a user should read, one sentence at a time. */
  readonly onNotice?: (message: string) => void;
  /**
   * Between two looks at something that takes its time, in milliseconds; a fifth more or less is drawn at
   * random. The first looks come sooner. Default 15000: EC2 throttles an account that asks oftener.
   */
  readonly pollIntervalMs?: number;
  /** How long a wait goes on while EC2 cannot be reached or throttles. Default 15 minutes. */
  readonly outageTimeoutMs?: number;
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<unknown>;
  readonly now?: () => number;
  /** In [0, 1), as Math.random. */
  readonly random?: () => number;
}

/** A client that explains its errors and obeys the signal, with the clock that the verb was given. */
export interface Ec2 {
  readonly signal: AbortSignal | undefined;
  readonly pollIntervalMs: number;
  readonly outageTimeoutMs: number;
  /** Errors are those of {@link explainCall}, or the signal's reason. */
  send<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
    command: $Command<I, O, EC2ClientResolvedConfig, ServiceInputTypes, ServiceOutputTypes>,
  ): Promise<O>;
  /** That the client is set up for. */
  region(): Promise<string>;
  sleep(ms: number): Promise<void>;
  now(): number;
  random(): number;
  notice(message: string): void;
}

export function ec2Of({
  client,
  signal,
  onNotice,
  pollIntervalMs = 15_000,
  outageTimeoutMs = 15 * 60_000,
  sleep = (ms, signal) => delay(ms, undefined, { signal }),
  now = Date.now,
  random = Math.random,
}: Ec2Options): Ec2 {
  return {
    signal,
    pollIntervalMs,
    outageTimeoutMs,
    async send(command) {
      signal?.throwIfAborted();
      try {
        return await client.send(command, { abortSignal: signal });
      } catch (error) {
        signal?.throwIfAborted();
        throw explainCall({ error, operation: command.constructor.name.replace(/Command$/, '') });
      }
    },
    region: async () => client.config.region(),
    async sleep(ms) {
      try {
        await sleep(ms, signal);
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      }
      signal?.throwIfAborted();
    },
    now,
    random,
    notice: (message) => onNotice?.(message),
  };
}

/** The same, but for what must still be done after the run was told to stop: not the user's signal, a short limit instead. */
export function afterAbort(options: Ec2Options, timeoutMs = 10_000): Ec2 {
  return ec2Of({ ...options, signal: AbortSignal.timeout(timeoutMs), outageTimeoutMs: timeoutMs });
}
