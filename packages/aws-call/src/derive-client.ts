import type { Client, FinalizeHandler, MetadataBearer, MiddlewareStack } from '@smithy/types';

/**
 * A client that shares everything with another (credentials, connections, retries, what its owner has added) but has a
 * middleware stack of its own, which can be changed without the other's noticing.
 */
export function deriveClient<Input extends object, Output extends MetadataBearer, Config, C>(
  client: C & Client<Input, Output, Config>,
  change: (stack: MiddlewareStack<Input, Output>) => void,
): C {
  const middlewareStack = client.middlewareStack.clone();
  change(middlewareStack);
  const own = (value: unknown) => ({ value, writable: true, configurable: true });
  // `handlers` is where a client may keep the stacks it has resolved; another's would bypass this one's.
  return Object.create(client, { middlewareStack: own(middlewareStack), handlers: own(undefined) });
}

/**
 * The same client without the SDK's retries, for a call that must be looked up before it is repeated. Other middleware is
 * placed relative to the one of that name, so replace it instead of removing it.
 */
export function withoutRetries<Input extends object, Output extends MetadataBearer, Config, C>(
  client: C & Client<Input, Output, Config>,
): C {
  return deriveClient<Input, Output, Config, C>(client, (stack) => {
    stack.add((next: FinalizeHandler<Input, Output>) => next, {
      step: 'finalizeRequest',
      priority: 'high',
      name: 'retryMiddleware',
      override: true,
    });
  });
}
