import type { Client, Command, MetadataBearer } from '@smithy/types';
import { isAwsCallError, isTransientQuota } from './aws-call-error.ts';
import { withoutRetries } from './derive-client.ts';
import { withDecodedDenial } from './encoded-denial.ts';
import { explainCall } from './explain-call.ts';
import { leaveOutages, unwrapUnanswered } from './leave-outages.ts';
import { isOutage, watchOutage } from './outage.ts';
import type { ServiceName } from './permissions.ts';
import { watchQuota } from './quota.ts';
import { timeLimit } from './time-limit.ts';
import { type CallOptions, createWaiter, type Waiter } from './waiter.ts';

export interface SendOptions {
  /**
   * Repeat it: as often as the client says where the service answers, and for `outageTimeoutMs` where it does not. A command
   * that takes a client token must bring one. `answered`: only the former, for a call that must be looked up after a lost
   * answer. Default true.
   */
  readonly retry?: boolean | 'answered';
  /** How long to wait where the account has as many of something under way as it may, in milliseconds. Default 2 hours; not without `retry`. */
  readonly quotaTimeoutMs?: number;
  /** Of one attempt, in milliseconds; past it, it is `AWS_UNREACHABLE`. Default none but the client's own. */
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
  const patientClient = leaveOutages<ClientInput, ClientOutput, Config, typeof client>(client);
  const waiter = createWaiter({ service, ...options });
  const { signal } = waiter;

  const sendOnce: Sender<ClientInput, ClientOutput, Config>['send'] = async (
    command,
    { retry, timeoutMs } = {},
  ) => {
    signal?.throwIfAborted();
    using limit = timeLimit(signal, timeoutMs);
    try {
      return await (retry ? patientClient : clientOnce).send(command, { abortSignal: limit.signal });
    } catch (error) {
      signal?.throwIfAborted();
      const explained = explainCall({
        error: limit.passed ? limit.signal?.reason : unwrapUnanswered(error),
        service,
        operation: command.constructor.name.replace(/Command$/, ''),
        endpoint: await ownEndpoint(client),
      });
      throw await withDecodedDenial(explained, { decodeDenial: options.decodeDenial, signal });
    }
  };

  return {
    ...waiter,
    async send(command, { retry = true, quotaTimeoutMs, timeoutMs } = {}) {
      const outage = watchOutage(waiter);
      const quota = watchQuota(waiter, quotaTimeoutMs);
      for (;;) {
        try {
          const output = await sendOnce(command, { retry, timeoutMs });
          outage.end();
          return output;
        } catch (error) {
          if (!isOutage(error)) {
            if (isAwsCallError(error) && error.facts.httpStatus !== undefined) outage.end();
            if (retry === false || !isTransientQuota(error)) throw error;
            await quota.wait(error);
            continue;
          }
          if (retry !== true) throw error;
          await outage.endure(error);
        }
      }
    },
  };
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
