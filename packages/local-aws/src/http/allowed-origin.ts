import type { IncomingHttpHeaders } from 'node:http';

/**
 * Why a request must not be answered; undefined where it may be.
 *
 * A web page reaches loopback as well as any program does: across origins, where the browser says so, or under a name
 * of its own that it has resolve to loopback. Neither can forge `Host` or `Origin`.
 */
export function refusedOrigin(
  headers: IncomingHttpHeaders,
  hostNames: readonly string[] = [],
): string | undefined {
  if (!isLoopbackAuthority(headers.host) && !isBelow(headers.host, hostNames)) {
    return `the Host header must name loopback, not ${headers.host ?? 'nothing'}`;
  }
  const { origin, 'sec-fetch-site': site } = headers;
  if (origin !== undefined) {
    return isLoopbackOrigin(origin) ? undefined : `requests from the origin ${origin} are refused`;
  }
  // An image or a form of another site comes without an Origin.
  return site === 'cross-site' ? 'requests from other sites are refused' : undefined;
}

/** For the control endpoints, which ask for no signature: not even a page on another port of loopback may use them. */
export function isFromWebPage({ host, origin, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  if (origin !== undefined && origin.toLowerCase() !== `http://${host?.toLowerCase()}`) return true;
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}

/** One of the names, or below one. */
function isBelow(authority: string | undefined, names: readonly string[]): boolean {
  const host = authority?.toLowerCase().replace(/:\d+$/, '') ?? '';
  return names.some((name) => host === name || host.endsWith(`.${name}`));
}

function isLoopbackOrigin(origin: string): boolean {
  const [, authority] = /^https?:\/\/([^/]+)$/i.exec(origin) ?? [];
  return isLoopbackAuthority(authority);
}

/** A host and, optionally, a port: `127.0.0.0/8`, `[::1]`, `localhost` and the names below that. */
function isLoopbackAuthority(authority: string | undefined): boolean {
  const [, name] = /^(\[[^\]]*\]|[^:[\]]*)(?::\d{1,5})?$/.exec(authority?.toLowerCase() ?? '') ?? [];
  if (name === undefined) return false;
  if (name === '[::1]') return true;
  return /^127(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/.test(name) || /^([a-z0-9._-]+\.)?localhost\.?$/.test(name);
}
