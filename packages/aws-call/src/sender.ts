import type { Client, Command, MetadataBearer } from '@smithy/types';
import { type Clock, systemClock } from './clock.ts';
import { withoutRetries } from './derive-client.ts';
import { explainCall } from './explain-call.ts';
import type { ServiceName } from './permissions.ts';
import { policies } from './policies.ts';
import { timeLimit } from './time-limit.ts';

/** What every verb that calls AWS takes, beside its client. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Told what a user should read, one sentence at a time. */
  readonly onNotice?: (message: string) => void;
  /** The longest polling interval, in milliseconds. Default 15000: EC2 throttles an account that asks oftener. */
  readonly pollIntervalMs?: number;
  /** How long a wait lasts while the service cannot be reached or throttles, in milliseconds. Default 15 minutes. */
  readonly outageTimeoutMs?: number;
  readonly clock?: Clock;
}

/** What a wait needs: a clock, a signal and its limits. */
export interface Waiter {
  readonly service: ServiceName;
  readonly signal: AbortSignal | undefined;
  readonly pollIntervalMs: number;
  readonly outageTimeoutMs: number;
  /** Rejects with the signal's reason where that aborts. */
  sleep(ms: number): Promise<void>;
  now(): number;
  random(): number;
  notice(message: string): void;
}

export interface SendOptions {
  /** Let the SDK repeat it. Default true. */
  readonly retry?: boolean;
  /** Of the call with its retries, in milliseconds; past it, it is `AWS_UNREACHABLE`. Default none but the client's own. */
  readonly timeoutMs?: number;
}

/** A client that explains its errors and obeys the signal, with the clock that the verb was given. */
export interface Sender<ClientInput extends object, ClientOutput extends MetadataBearer, Config>
  extends Waiter {
  /**
   * Sends one command.
   *
   * @throws AwsCallError, or the signal's reason
   */
  send<Input extends ClientInput, Output extends ClientOutput>(
    command: Command<ClientInput, Input, ClientOutput, Output, Config>,
    options?: SendOptions,
  ): Promise<Output>;
}

/** @param options.client brings region, credentials, endpoint, retries and the time limit of a request; it is never changed */
export function createSender<ClientInput extends object, ClientOutput extends MetadataBearer, Config>({
  client,
  service,
  ...options
}: CallOptions & {
  readonly client: Client<ClientInput, ClientOutput, Config>;
  readonly service: ServiceName;
}): Sender<ClientInput, ClientOutput, Config> {
  const clientOnce = withoutRetries<ClientInput, ClientOutput, Config, typeof client>(client);
  const waiter = createWaiter({ service, ...options });
  const { signal } = waiter;
  return {
    ...waiter,
    async send(command, { retry = true, timeoutMs } = {}) {
      signal?.throwIfAborted();
      using limit = timeLimit(signal, timeoutMs);
      try {
        return await (retry ? client : clientOnce).send(command, { abortSignal: limit.signal });
      } catch (error) {
        signal?.throwIfAborted();
        throw explainCall({
          error: limit.passed ? limit.signal?.reason : error,
          service,
          operation: command.constructor.name.replace(/Command$/, ''),
          endpoint: await ownEndpoint(client),
        });
      }
    },
  };
}

export function createWaiter({
  service,
  signal,
  onNotice,
  pollIntervalMs = policies.importTask.longestMs,
  outageTimeoutMs = policies.outage.limitMs,
  clock = systemClock,
}: CallOptions & { readonly service: ServiceName }): Waiter {
  return {
    service,
    signal,
    pollIntervalMs,
    outageTimeoutMs,
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
    notice: (message) => onNotice?.(message),
  };
}

/** The same options, for what must still be done after the run was told to stop: not the user's signal, a short limit instead. */
export function afterAbort<Options extends CallOptions>(options: Options): Options {
  const { limitMs } = policies.cleanUp;
  return { ...options, signal: AbortSignal.timeout(limitMs), outageTimeoutMs: limitMs };
}

interface ResolvedEndpoint {
  readonly protocol?: string;
  readonly hostname?: string;
  readonly port?: number;
}

/** Only where the client was given one: AWS's own are computed for each call. */
async function ownEndpoint(client: object): Promise<string | undefined> {
  const { config } = client as { config?: { endpoint?: () => Promise<ResolvedEndpoint> } };
  try {
    const endpoint = await config?.endpoint?.();
    if (!endpoint?.hostname) return undefined;
    const { protocol = 'https:', hostname, port } = endpoint;
    return `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`;
  } catch {
    return undefined;
  }
}
