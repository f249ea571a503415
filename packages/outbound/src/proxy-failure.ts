import { OutboundError } from './outbound-error.ts';
import type { ChosenProxy } from './proxies.ts';
import { isUntrusted } from './tls.ts';

/** Answers of a proxy that could not reach what is behind it: the next attempt may. */
const transientStatuses: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/** What a proxy answered in place of a connection. */
export function proxyRefusal(
  { url, variable }: ChosenProxy,
  { status, host }: { readonly status: number; readonly host: string },
): OutboundError {
  const proxy = url.host;
  const facts = { proxy, variable, status, host };
  const answer = `the proxy ${proxy} (${variable}) answered ${status} to a connection to ${host}`;
  if (transientStatuses.has(status)) {
    return retryable(
      new OutboundError('PROXY_UNREACHABLE', answer, {
        hint: `The proxy cannot reach ${host}: run the same command again later, or add the host to NO_PROXY if this machine reaches it directly.`,
        facts,
      }),
    );
  }
  if (status === 407) {
    return new OutboundError('PROXY_REFUSED', `${answer}: it asks for a user and password`, {
      hint: `Set ${variable} to http://USER:PASSWORD@host:port with valid credentials (special characters percent-encoded).`,
      facts,
    });
  }
  return new OutboundError('PROXY_REFUSED', answer, {
    hint: `Ask whoever runs the proxy to allow ${host}, or add it to NO_PROXY if this machine reaches it directly.`,
    facts,
  });
}

/** Why there is no connection to the proxy itself. */
export function proxyFailure({ url, variable }: ChosenProxy, cause: unknown): OutboundError {
  const proxy = url.host;
  const { code, message } = cause as NodeJS.ErrnoException;
  const facts = { proxy, variable, reason: code };
  if (isUntrusted(cause)) {
    return new OutboundError(
      'TLS_UNTRUSTED',
      `the certificate of the proxy ${proxy} (${variable}) is not trusted: ${message}`,
      {
        hint: `Set NODE_EXTRA_CA_CERTS to the certificate file of its authority, or ${variable} to the http:// address of the proxy.`,
        cause,
        facts,
      },
    );
  }
  return retryable(
    new OutboundError(
      'PROXY_UNREACHABLE',
      `cannot reach the proxy ${proxy} (${variable}): ${message || code}`,
      {
        hint: `Check that ${variable} names the right proxy and that it is running; unset it if this machine needs none.`,
        cause,
        facts,
      },
    ),
  );
}

/** The mark by which the SDK knows that the same request may succeed. */
function retryable<E extends Error>(error: E): E {
  return Object.assign(error, { $retryable: {} });
}
