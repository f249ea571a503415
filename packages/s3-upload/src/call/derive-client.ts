import type { S3Client, ServiceInputTypes, ServiceOutputTypes } from '@aws-sdk/client-s3';
import type { MiddlewareStack } from '@smithy/types';

/**
 * A client that shares everything with another (credentials, connections, retries, what its owner has added) but
 * has a middleware stack of its own, to be changed without the other's noticing: several uploads run side by side
 * through one client.
 */
export function deriveClient(
  client: S3Client,
  change: (stack: MiddlewareStack<ServiceInputTypes, ServiceOutputTypes>) => void,
): S3Client {
  const middlewareStack = client.middlewareStack.clone();
  change(middlewareStack);
  const own = (value: unknown) => ({ value, writable: true, configurable: true });
  // `handlers` is where a client may keep the stacks it has resolved; another's would bypass this one's.
  return Object.create(client, { middlewareStack: own(middlewareStack), handlers: own(undefined) });
}
