import { policies } from '@ec2-image/aws-call';
import { createAgents, proxyFailure } from '@ec2-image/outbound';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { HttpHandlerOptions, HttpRequest, HttpResponse, RequestHandler } from '@smithy/types';
import type { Network } from './network.ts';

export type AwsRequestHandler = RequestHandler<HttpRequest, HttpResponse, HttpHandlerOptions> & {
  destroy(): void;
};

export interface RequestHandlerOptions {
  readonly network: Network;
  /** How long a connection may be idle. */
  readonly requestTimeoutMs: number;
}

/** The SDK's own handler, one for each proxy that requests go by and one for those that go directly. */
export function createRequestHandler({
  network,
  requestTimeoutMs,
}: RequestHandlerOptions): AwsRequestHandler {
  const handlers = new Map<string, NodeHttpHandler>();
  const open = (proxy: ReturnType<Network['proxies']['proxyFor']>) =>
    new NodeHttpHandler({
      connectionTimeout: policies.connect.limitMs,
      socketTimeout: requestTimeoutMs,
      ...createAgents(proxy, {
        keepAlive: true,
        maxSockets: 64,
        connectTimeoutMs: policies.connect.limitMs,
        ...(network.ca && { ca: network.ca }),
      }),
    });
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request, options) {
      const { protocol, hostname, port } = request;
      const proxy = network.proxies.proxyFor(new URL(`${protocol}//${hostname}${port ? `:${port}` : ''}`));
      const key = proxy?.url.href ?? '';
      const handler = handlers.get(key) ?? open(proxy);
      handlers.set(key, handler);
      try {
        return await handler.handle(request as Parameters<NodeHttpHandler['handle']>[0], options);
      } catch (error) {
        // The SDK's own limit ends before the agent's: the connection that was not made is that to the proxy.
        throw proxy && isConnectionTimeout(error) ? proxyFailure(proxy, error) : error;
      }
    },
    destroy() {
      for (const handler of handlers.values()) handler.destroy();
      handlers.clear();
    },
  };
}

function isConnectionTimeout(error: unknown): boolean {
  return error instanceof Error && /did not establish a connection/.test(error.message);
}
