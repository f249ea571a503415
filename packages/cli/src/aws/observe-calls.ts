import {
  awsErrorFacts,
  type CallOptions,
  repeatClockErrorsAlone,
  type ServiceClock,
} from '@ec2-image/aws-call';
import type { DeserializeMiddleware, MiddlewareStack, Pluggable } from '@smithy/types';

/** One request as it went over the wire, retries each on their own. Holds no secret. */
export interface AwsCall {
  readonly service: string;
  readonly operation: string;
  readonly seconds: number;
  readonly attempt: number;
  readonly status?: number;
  readonly requestId?: string;
  /** AWS's code, or the name of what the connection failed with. */
  readonly error?: string;
}

/** What every call of every client has a part in: the time, retries that a wrong clock does not cause, and the trace. */
export function observeCalls(
  // biome-ignore lint/suspicious/noExplicitAny: as the plugins, for all clients
  client: { readonly middlewareStack: MiddlewareStack<any, any> },
  { clock, onCall }: { readonly clock: ServiceClock; readonly onCall?: (call: AwsCall) => void },
): void {
  client.middlewareStack.use(clock.plugin);
  client.middlewareStack.use(repeatClockErrorsAlone);
  if (onCall) client.middlewareStack.use(traceCalls(onCall));
}

/** What all verbs are given alike, whatever they call. */
export function callOptions({
  outageTimeoutMs,
  clock,
}: {
  readonly outageTimeoutMs: number;
  readonly clock: ServiceClock;
}): Pick<CallOptions, 'outageTimeoutMs' | 'clock'> {
  return { outageTimeoutMs, clock };
}

/** Tells of every request as it is answered or lost. Below the retries, so that each attempt is seen. */
// biome-ignore lint/suspicious/noExplicitAny: the SDK types a plugin by one client's inputs, and this one serves all clients
function traceCalls(onCall: (call: AwsCall) => void): Pluggable<any, any> {
  const attempts = new WeakMap<object, number>();
  const trace: DeserializeMiddleware<object, object> = (next, context) => async (args) => {
    const startedAt = performance.now();
    const attempt = (attempts.get(context) ?? 0) + 1;
    attempts.set(context, attempt);
    const seen = (rest: Pick<AwsCall, 'status' | 'requestId' | 'error'>) =>
      onCall({
        service: String(context.clientName ?? '').replace(/Client$/, ''),
        operation: String(context.commandName ?? '').replace(/Command$/, ''),
        seconds: (performance.now() - startedAt) / 1000,
        attempt,
        ...rest,
      });
    try {
      const result = await next(args);
      const { $metadata } = result.output as { $metadata?: { httpStatusCode?: number; requestId?: string } };
      seen({ status: $metadata?.httpStatusCode, requestId: $metadata?.requestId });
      return result;
    } catch (error) {
      const facts = awsErrorFacts(error);
      seen({
        status: facts?.httpStatus,
        requestId: facts?.requestId,
        error: facts?.httpStatus ? facts.awsCode : error instanceof Error ? error.name : String(error),
      });
      throw error;
    }
  };
  return {
    applyToStack: (stack) => stack.add(trace, { step: 'deserialize', priority: 'high', name: 'traceCalls' }),
  };
}
