import { isLoopback } from './loopback.ts';
import { parseNoProxy } from './no-proxy.ts';
import { OutboundError } from './outbound-error.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A proxy, and the variable that names it. */
export interface ChosenProxy {
  /** With its user and password. */
  readonly url: URL;
  /** As it is set: `HTTPS_PROXY` or `https_proxy`. */
  readonly variable: string;
}

/** The proxies of an environment. */
export interface Proxies {
  /**
   * The one for a request; undefined where it goes directly, as to this machine it always does.
   *
   * @throws OutboundError `BAD_PROXY`
   */
  proxyFor(url: URL): ChosenProxy | undefined;
  /** @throws OutboundError `BAD_PROXY`, for a variable that names no proxy, used or not */
  check(): void;
}

/**
 * As curl reads them: `HTTPS_PROXY` for https, `HTTP_PROXY` for http, `ALL_PROXY` for either where that is not set, and
 * `NO_PROXY` for what goes directly; in lower case they win, and one that is empty counts as none.
 */
export function readProxies(env: Environment): Proxies {
  const bypasses = parseNoProxy(readVariable('NO_PROXY', env)?.value ?? '');
  const known = new Map<string, ChosenProxy | undefined>();
  const proxyOf = (protocol: string) => {
    if (known.has(protocol)) return known.get(protocol);
    const given =
      readVariable(protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY', env) ??
      readVariable('ALL_PROXY', env);
    const proxy = given && given.value !== '' ? parseProxy(given) : undefined;
    known.set(protocol, proxy);
    return proxy;
  };
  return {
    proxyFor(url) {
      const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
      if (isLoopback(url.hostname) || bypasses(url.hostname, port)) return undefined;
      return proxyOf(url.protocol);
    },
    check() {
      for (const protocol of ['https:', 'http:']) proxyOf(protocol);
    },
  };
}

interface Given {
  readonly variable: string;
  readonly value: string;
}

function readVariable(name: string, env: Environment): Given | undefined {
  for (const variable of [name.toLowerCase(), name]) {
    const value = env[variable]?.trim();
    if (value !== undefined) return { variable, value };
  }
  return undefined;
}

function parseProxy({ variable, value }: Given): ChosenProxy {
  const text = value.includes('://') ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSocks = url !== undefined && /^socks/.test(url.protocol);
  if (url && /^https?:$/.test(url.protocol) && url.hostname !== '' && isDecodable(url)) {
    return { url, variable };
  }
  // Without the value: it may hold a password.
  throw new OutboundError(
    'BAD_PROXY',
    isSocks
      ? `${variable} names a SOCKS proxy, which is not supported`
      : `${variable} is not a valid proxy URL`,
    {
      hint: `Set ${variable} to http://host:port (special characters of a password percent-encoded), or unset it.`,
      facts: { variable },
    },
  );
}

function isDecodable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}
