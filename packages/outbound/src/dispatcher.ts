import { Agent, Dispatcher, Pool, ProxyAgent } from 'undici';
import { proxyAuthorities } from './agents.ts';
import type { ChosenProxy, Proxies } from './proxies.ts';
import { explainThrough, ofProxyAlone } from './through-proxy.ts';

export interface DispatcherOptions extends Omit<Agent.Options, 'connect' | 'factory'> {
  readonly proxies: Proxies;
  readonly connectTimeoutMs: number;
  /** In place of the usual certificate authorities. */
  readonly ca?: readonly string[];
}

/** undici's connections, each request by the proxy that is meant for it, or directly. */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  return new RoutingDispatcher(options);
}

class RoutingDispatcher extends Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #routes = new Map<string, Dispatcher>();

  constructor(options: DispatcherOptions) {
    super();
    this.#options = options;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const url = new URL(String(options.origin));
    const proxy = this.#options.proxies.proxyFor(url);
    return this.#route(proxy).dispatch(
      options,
      proxy ? explainThrough(handler, { proxy, host: url.host }) : handler,
    );
  }

  #route(proxy: ChosenProxy | undefined): Dispatcher {
    const key = proxy?.url.href ?? '';
    const route = this.#routes.get(key) ?? createRoute(proxy, this.#options);
    this.#routes.set(key, route);
    return route;
  }

  override async close(): Promise<void> {
    await Promise.all([...this.#routes.values()].map((route) => route.close()));
  }

  override async destroy(): Promise<void> {
    await Promise.all([...this.#routes.values()].map((route) => route.destroy()));
  }
}

function createRoute(
  proxy: ChosenProxy | undefined,
  { proxies: _, connectTimeoutMs, ca, ...options }: DispatcherOptions,
): Dispatcher {
  const timeout = connectTimeoutMs;
  const trust = ca && { ca: [...ca] };
  if (!proxy) return new Agent({ ...options, connect: { timeout, ...trust } });
  return new ProxyAgent({
    ...options,
    uri: proxy.url.href,
    // Of the connections to the proxy itself, which has to answer to CONNECT as soon as a server to a handshake.
    clientFactory: (origin, connection) =>
      new Pool(origin, { ...connection, headersTimeout: connectTimeoutMs }).compose(
        (dispatch) => (request, handler) => dispatch(request, ofProxyAlone(handler, proxy)),
      ),
    requestTls: { timeout, ...trust },
    proxyTls: { timeout, ...(ca && { ca: proxyAuthorities(ca) }) },
  });
}
