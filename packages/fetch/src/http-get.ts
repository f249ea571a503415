import { isExplained } from '@ec2-image/explained-error';
import { createDispatcher, readProxies } from '@ec2-image/outbound';
import type { Dispatcher } from 'undici';
import { transferError } from './http-errors.ts';
import { type Exchange, exchange } from './http-exchange.ts';
import { authorization, isRedirect, maxRedirects, redirectTarget, tooManyRedirects } from './redirect.ts';
import { SigningDispatcher, type SignS3Request } from './signing-dispatcher.ts';
import { badUrl } from './source.ts';

export interface Response extends Exchange {
  /** The one that answered, after redirects, with its secrets. */
  readonly url: URL;
}

/** For the requests of one download; to be destroyed at its end. Proxies are those of the environment, read at each call. */
export function openDispatcher({
  stallTimeoutMs,
  signS3,
}: {
  readonly stallTimeoutMs: number;
  /** Where objects are to be fetched, too. */
  readonly signS3?: SignS3Request;
}): Dispatcher {
  const dispatcher = createDispatcher({
    proxies: readProxies(process.env),
    // Several ranges are several connections, which HTTP/2 would fold into one.
    allowH2: false,
    connectTimeoutMs: Math.min(stallTimeoutMs, 30_000),
    headersTimeout: stallTimeoutMs,
    bodyTimeout: stallTimeoutMs,
  });
  return signS3 ? new SigningDispatcher(dispatcher, signS3) : dispatcher;
}

/**
 * One GET, through redirects, up to the headers of the answer.
 *
 * @param options.headersFor further headers, asked for at every hop
 * @param options.allowHttp whether https may redirect to http. Default false.
 * @param options.answerTimeoutMs how long each hop may take until its headers are complete
 * @param options.checkHop throws where a hop must not be asked
 * @throws FetchError `BAD_PROXY`, `CONNECTION_FAILED`, `DOWNLOAD_STALLED`, `HOST_NOT_FOUND`, `PROXY_REFUSED`,
 * `PROXY_UNREACHABLE`, `REDIRECT_REFUSED`, `TLS_BROKEN`, `TLS_UNTRUSTED`
 */
export async function httpGet({
  url,
  dispatcher,
  signal,
  headersFor,
  checkHop,
  allowHttp,
  answerTimeoutMs,
}: {
  readonly url: URL;
  readonly dispatcher: Dispatcher;
  readonly signal?: AbortSignal;
  readonly headersFor?: (hop: URL) => Record<string, string>;
  readonly checkHop?: (hop: URL) => void;
  readonly allowHttp?: boolean;
  readonly answerTimeoutMs?: number;
}): Promise<Response> {
  let hop = url;
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    checkHop?.(hop);
    const response = await send({ hop, dispatcher, signal, answerTimeoutMs, headers: headersFor?.(hop) });
    if (!isRedirect(response.status)) return response;
    response.body.discard();
    hop = redirectTarget(hop, response.headers.location, { allowHttp });
  }
  throw tooManyRedirects(url);
}

async function send({
  hop,
  dispatcher,
  signal,
  answerTimeoutMs,
  headers = {},
}: {
  readonly hop: URL;
  readonly dispatcher: Dispatcher;
  readonly signal?: AbortSignal;
  readonly answerTimeoutMs?: number;
  readonly headers?: Record<string, string>;
}): Promise<Response> {
  if (hop.protocol === 's3:' && !(dispatcher instanceof SigningDispatcher))
    throw badUrl(hop.href, 'names an object, and there are no credentials for it');
  try {
    const answer = await exchange({
      url: hop,
      dispatcher,
      signal,
      answerTimeoutMs,
      headers: {
        accept: '*/*',
        // What is published is the digest of the file, not of some encoding of it.
        'accept-encoding': 'identity',
        'user-agent': 'ec2-image',
        ...(await authorization(hop)),
        ...headers,
      },
    });
    return { url: hop, ...answer };
  } catch (cause) {
    signal?.throwIfAborted();
    // Why a request could not be signed.
    if (isExplained(cause)) throw cause;
    throw transferError({ cause, url: hop });
  }
}
