import type { Dispatcher } from 'undici';
import type { ChosenProxy } from './proxies.ts';
import { proxyFailure, proxyRefusal } from './proxy-failure.ts';

interface Way {
  readonly proxy: ChosenProxy;
  /** Whom the request is for. */
  readonly host: string;
}

/** The same handler, told of a failure of the proxy in this package's words: undici's do not say that it was the proxy. */
export function explainThrough(handler: Dispatcher.DispatchHandler, way: Way): Dispatcher.DispatchHandler {
  return mapErrors(handler, (error) => explain(error, way));
}

/** The same for requests to the proxy itself: every failure is the proxy's. */
export function ofProxyAlone(
  handler: Dispatcher.DispatchHandler,
  proxy: ChosenProxy,
): Dispatcher.DispatchHandler {
  return mapErrors(handler, (error) => (isTimeout(error) ? proxyFailure(proxy, error) : error));
}

function isTimeout(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'UND_ERR_HEADERS_TIMEOUT';
}

function mapErrors(
  handler: Dispatcher.DispatchHandler,
  map: (error: unknown) => unknown,
): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (...given) => handler.onRequestStart?.(...given),
    onRequestUpgrade: (...given) => handler.onRequestUpgrade?.(...given),
    onResponseStart: (...given) => handler.onResponseStart?.(...given),
    onResponseData: (...given) => handler.onResponseData?.(...given),
    onResponseEnd: (...given) => handler.onResponseEnd?.(...given),
    onResponseError: (controller, error) => handler.onResponseError?.(controller, map(error) as Error),
  };
}

/** Between this machine and the proxy; everything else lies behind it. */
const ofConnection = /^(?:connect|getaddrinfo)$/;
const ofProxy = /^UND_ERR_PRX_(?:TLS|CONN)$|^UND_ERR_CONNECT_TIMEOUT$/;

function explain(error: unknown, { proxy, host }: Way): unknown {
  if (!(error instanceof Error)) return error;
  const { code = '', syscall = '', message, cause } = error as NodeJS.ErrnoException;
  const refused = /^Proxy response \((\d+)\)|Proxy Authentication Required \((407)\)/.exec(message);
  if (refused) return proxyRefusal(proxy, { status: Number(refused[1] ?? refused[2]), host });
  if (ofProxy.test(code)) return proxyFailure(proxy, cause ?? error);
  return ofConnection.test(syscall) ? proxyFailure(proxy, error) : error;
}
