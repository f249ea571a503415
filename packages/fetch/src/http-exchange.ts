import { type Dispatcher, errors } from 'undici';
import { ResponseBody } from './response-body.ts';

/** By lower-case name; of a header that is there twice, the first. */
export type ResponseHeaders = Readonly<Record<string, string | undefined>>;

export interface Exchange {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly body: ResponseBody;
}

/**
 * One GET over undici's dispatch, up to the headers of the answer; throws what undici or the socket throws.
 *
 * Not `request`, for two reasons: its body is a Readable, which drops what it has not handed on yet when the connection breaks,
 * bytes that the next attempt would fetch again; and its signal waits for a connection that is being made.
 */
export async function exchange({
  url,
  dispatcher,
  headers,
  signal,
  answerTimeoutMs,
}: {
  readonly url: URL;
  readonly dispatcher: Dispatcher;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** From the request to the end of the headers, whatever a server sends meanwhile: 1xx answers, or a byte at a time. */
  readonly answerTimeoutMs?: number;
}): Promise<Exchange> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Exchange>();
  const body = new ResponseBody();
  const onAbort = () => {
    clearTimeout(timer);
    body.abort(signal?.reason);
    reject(signal?.reason);
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  const onTimeout = () => {
    const error = new errors.HeadersTimeoutError();
    body.abort(error);
    reject(error);
  };
  const timer = answerTimeoutMs === undefined ? undefined : setTimeout(onTimeout, answerTimeoutMs);
  dispatcher.dispatch(
    { origin: originOf(url), path: url.pathname + url.search, method: 'GET', headers },
    {
      onRequestStart: (controller) => body.attach(controller),
      onResponseStart: (_, status, received) => {
        if (status < 200) return;
        clearTimeout(timer);
        resolve({ status, headers: firstOf(received), body });
      },
      onResponseData: (_, chunk) => body.push(chunk),
      onResponseEnd: () => {
        signal?.removeEventListener('abort', onAbort);
        body.end();
      },
      onResponseError: (_, error) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        body.end(error);
        reject(error);
      },
    },
  );
  return promise;
}

/** Of `s3:` URLs, which have none to URL itself, the bucket. */
function originOf(url: URL): string {
  return url.protocol === 's3:' ? `s3://${url.host}` : url.origin;
}

function firstOf(headers: Readonly<Record<string, string | string[] | undefined>>): ResponseHeaders {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
}
