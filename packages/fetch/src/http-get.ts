import type { IncomingHttpHeaders } from 'node:http';
import { type Dispatcher, EnvHttpProxyAgent, request } from 'undici';
import { transferError } from './http-errors.ts';
import { authorization, isRedirect, maxRedirects, redirectTarget, tooManyRedirects } from './redirect.ts';

export interface Response {
  /** The one that answered, after redirects, with its secrets. */
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Dispatcher.ResponseData['body'];
}

/** For the requests of one download; to be destroyed at its end. Proxies are those of HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
export function openDispatcher({ stallTimeoutMs }: { readonly stallTimeoutMs: number }): Dispatcher {
  return new EnvHttpProxyAgent({
    // Several ranges are several connections, which HTTP/2 would fold into one.
    allowH2: false,
    connectTimeout: Math.min(stallTimeoutMs, 30_000),
    headersTimeout: stallTimeoutMs,
    bodyTimeout: stallTimeoutMs,
  });
}

/**
 * One GET, through redirects, up to the headers of the answer.
 *
 * @param options.headersFor further headers, asked for at every hop
 * @param options.checkHop throws where a hop must not be asked
 * @throws FetchError `CONNECTION_FAILED`, `DOWNLOAD_STALLED`, `HOST_NOT_FOUND`, `REDIRECT_REFUSED`, `TLS_UNTRUSTED`
 */
export async function httpGet({
  url,
  dispatcher,
  signal,
  headersFor,
  checkHop,
}: {
  readonly url: URL;
  readonly dispatcher: Dispatcher;
  readonly signal?: AbortSignal;
  readonly headersFor?: (hop: URL) => Record<string, string>;
  readonly checkHop?: (hop: URL) => void;
}): Promise<Response> {
  let hop = url;
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    checkHop?.(hop);
    const response = await send({ hop, dispatcher, signal, headers: headersFor?.(hop) });
    if (!isRedirect(response.status)) return response;
    discard(response);
    hop = redirectTarget(hop, response.headers.location);
  }
  throw tooManyRedirects(url);
}

/** Ends an answer whose body is of no interest. */
export function discard({ body }: Response): void {
  body.on('error', () => {});
  body.destroy();
}

async function send({
  hop,
  dispatcher,
  signal,
  headers = {},
}: {
  readonly hop: URL;
  readonly dispatcher: Dispatcher;
  readonly signal?: AbortSignal;
  readonly headers?: Record<string, string>;
}): Promise<Response> {
  const bare = new URL(hop);
  bare.username = '';
  bare.password = '';
  try {
    const answer = await request(bare, {
      dispatcher,
      signal,
      headers: {
        accept: '*/*',
        // What is published is the digest of the file, not of some encoding of it.
        'accept-encoding': 'identity',
        'user-agent': 'ec2-image',
        ...authorization(hop),
        ...headers,
      },
    });
    return { url: hop, status: answer.statusCode, headers: answer.headers, body: answer.body };
  } catch (cause) {
    signal?.throwIfAborted();
    throw transferError({ cause, url: hop });
  }
}
