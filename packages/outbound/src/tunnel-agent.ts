import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { AgentConnectOpts } from 'agent-base';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import type { AgentOptions } from './agent-options.ts';
import type { ChosenProxy } from './proxies.ts';
import { proxyFailure, proxyRefusal } from './proxy-failure.ts';

type ForwardedRequest = Parameters<HttpProxyAgent<string>['connect']>[0];

/** https by way of a proxy. A connection that the proxy does not give says so itself, and ends with its request. */
export class TunnelAgent extends HttpsProxyAgent<string> {
  readonly #proxy: ChosenProxy;
  readonly #options: AgentOptions;

  constructor(proxy: ChosenProxy, options: AgentOptions) {
    const { keepAlive, maxSockets, ca, proxyCa } = options;
    super(proxy.url.href, { keepAlive, maxSockets });
    this.#proxy = proxy;
    this.#options = options;
    // What is given to the parent is for the proxy; the connection through it takes it from here.
    Object.assign(this.connectOpts, proxyCa && { ca: proxyCa });
    Object.assign(this.options, ca && { ca });
  }

  /** Not by the stack, as the parent tells. */
  override isSecureEndpoint(): boolean {
    return true;
  }

  override async connect(request: ClientRequest, options: AgentConnectOpts): Promise<Socket> {
    let status = 0;
    request.once('proxyConnect', ({ statusCode }: { statusCode: number }) => {
      status = statusCode;
    });
    const socket = await withinLimit(request, this.#options, (signal) => {
      const own = Object.create(this, { connectOpts: { value: { ...this.connectOpts, signal } } });
      return super.connect.call(own, request, options);
    }).catch((cause: unknown) => {
      throw proxyFailure(this.#proxy, cause);
    });
    if (status === 200) return socket;
    socket.destroy();
    throw proxyRefusal(this.#proxy, { status, host: options.host ?? '' });
  }
}

/** http by way of a proxy. */
export class ForwardAgent extends HttpProxyAgent<string> {
  readonly #proxy: ChosenProxy;
  readonly #options: AgentOptions;

  constructor(proxy: ChosenProxy, options: AgentOptions) {
    const { keepAlive, maxSockets, proxyCa } = options;
    super(proxy.url.href, { keepAlive, maxSockets });
    this.#proxy = proxy;
    this.#options = options;
    Object.assign(this.connectOpts, proxyCa && { ca: proxyCa });
  }

  override isSecureEndpoint(): boolean {
    return false;
  }

  override async connect(request: ForwardedRequest, options: AgentConnectOpts): Promise<Socket> {
    return withinLimit(request, this.#options, (signal) => {
      const own = Object.create(this, { connectOpts: { value: { ...this.connectOpts, signal } } });
      return super.connect.call(own, request, options);
    }).catch((cause: unknown) => {
      throw proxyFailure(this.#proxy, cause);
    });
  }
}

/** A proxy that takes a connection and says nothing would hold the process: the wait ends with the request, or in time. */
async function withinLimit<T>(
  request: ClientRequest,
  { connectTimeoutMs }: AgentOptions,
  connect: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const late = new Error(`no answer within ${connectTimeoutMs / 1000} s`);
  const timer = setTimeout(() => limit.abort(late), connectTimeoutMs);
  // A request that has no socket yet tells nobody that it was destroyed.
  const { destroy } = request;
  request.destroy = (error) => {
    limit.abort(error);
    return destroy.call(request, error);
  };
  try {
    return await connect(limit.signal);
  } catch (error) {
    throw limit.signal.reason === late ? late : error;
  } finally {
    clearTimeout(timer);
    request.destroy = destroy;
  }
}
