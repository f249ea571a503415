import { isBrokenTls, isUntrusted, type OutboundError, outboundErrorIn } from '@ec2-image/outbound';
import { printable, redactText, redactUrl } from '@ec2-image/redact';
import { FetchError } from './errors.ts';
import { formatBytes, formatExactBytes } from './format-bytes.ts';
import type { ResponseHeaders } from './http-exchange.ts';
import { tooManyOpenFiles } from './open-files.ts';
import { retryAfterMs } from './retry.ts';

const notFound: ReadonlySet<number> = new Set([404, 410]);
const forbidden: ReadonlySet<number> = new Set([401, 403, 407, 451]);

/** A status without a file. */
export function statusError({
  status,
  headers,
  url,
  nowMs,
  isRange = false,
  notFoundHint = 'Check the URL: publishers move images when they release newer ones.',
}: {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly url: URL;
  readonly nowMs: number;
  /** Whether the request was for a part of the file. */
  readonly isRange?: boolean;
  readonly notFoundHint?: string;
}): FetchError {
  const shown = redactUrl(url);
  const message = `${shown} answered ${status}`;
  const facts = { url: shown, status, ...(isRange && { isRange }) };
  if (url.protocol === 's3:' && (notFound.has(status) || forbidden.has(status)))
    return new FetchError(notFound.has(status) ? 'HTTP_NOT_FOUND' : 'HTTP_FORBIDDEN', message, {
      hint: 'Check bucket and key, and that these credentials may s3:GetObject it. Without s3:ListBucket on its bucket, S3 answers 403 for a missing object too.',
      facts,
    });
  if (notFound.has(status))
    return new FetchError('HTTP_NOT_FOUND', message, {
      hint: notFoundHint,
      facts,
    });
  if (forbidden.has(status))
    return new FetchError('HTTP_FORBIDDEN', message, {
      hint: 'Check that the URL is right, has not expired, and carries the credentials it needs.',
      facts,
    });
  return new FetchError('HTTP_STATUS', message, {
    hint: statusHint(status),
    facts: { ...facts, retryAfterMs: retryAfterMs(headers['retry-after'], nowMs) },
  });
}

function statusHint(status: number): string {
  if (status === 429 || status >= 500)
    return 'The server is failing or overloaded: try again later, or use another mirror.';
  if (status === 206)
    return 'The server or a proxy is broken, as it sends a part of the file where the whole file is requested: use another mirror.';
  return 'Check that the URL is that of the file itself.';
}

/** Whether the server answered that this request gets nothing: what a signed URL gets when it has expired. */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof FetchError)) return false;
  const { status } = error.facts;
  return typeof status === 'number' && status >= 400 && status < 500 && status !== 408 && status !== 429;
}

const stalled: ReadonlySet<string> = new Set([
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
]);

/** The codes of undici, its parser (which sometimes has none), the socket and TLS. Any other error is a mistake in a program. */
const ofTheNetwork =
  /^(?:UND_ERR_(?!INVALID_)|HPE_|HTTPParserError$|ERR_SSL_|ERR_TLS_|ERR_STREAM_PREMATURE_CLOSE|E[A-Z0-9]+$)/;

/** What undici or the socket threw before or while a body came, as an error of this package. Anything else is returned unchanged. */
export function transferError({
  cause,
  url,
  received,
}: {
  readonly cause: unknown;
  readonly url: URL;
  /** Set once the answer had begun. */
  readonly received?: { readonly bytes: number; readonly expected?: number };
}): unknown {
  if (cause instanceof FetchError || !(cause instanceof Error)) return cause;
  const shown = redactUrl(url);
  const outbound = outboundErrorIn(cause);
  if (outbound) return ofProxy(outbound, shown);
  const reason = String((cause as { code?: unknown }).code ?? cause.name);
  const lacksDescriptors = tooManyOpenFiles(cause, { purpose: `to read ${shown}`, facts: { url: shown } });
  if (lacksDescriptors) return lacksDescriptors;
  if (!ofTheNetwork.test(reason) && !isUntrusted(cause)) return cause;
  const facts = {
    url: shown,
    reason,
    ...(received && { receivedBytes: received.bytes, expectedBytes: received.expected }),
  };
  if (stalled.has(reason)) return stallError({ url, received: received?.bytes ?? 0, cause });
  if (received)
    return new FetchError(
      'BODY_TRUNCATED',
      `connection to ${shown} lost after ${formatExactBytes(received.bytes)}${
        received.expected === undefined ? '' : ` of ${formatExactBytes(received.expected)}`
      } (${reason})`,
      { hint: 'Check the network, or use another mirror.', resumable: true, cause, facts },
    );
  if (reason === 'ENOTFOUND')
    return new FetchError(
      'HOST_NOT_FOUND',
      `cannot resolve host ${printable(url.hostname, { maxLength: 120 })}`,
      {
        hint: 'Check the spelling of the URL, and that DNS works on this machine.',
        cause,
        facts,
      },
    );
  const message = printable(redactText(cause.message), { maxLength: 300 }) || reason;
  if (isUntrusted(cause))
    return new FetchError('TLS_UNTRUSTED', `the certificate of ${url.host} is not trusted: ${message}`, {
      hint: 'Check the URL; for a private certificate authority, set NODE_EXTRA_CA_CERTS to its certificate file (AWS_CA_BUNDLE holds for calls to AWS alone).',
      cause,
      facts,
    });
  if (isBrokenTls(cause))
    return new FetchError('TLS_BROKEN', `no TLS connection to ${url.host}: ${message}`, {
      hint: 'Check that the URL should be https, and that HTTPS_PROXY gives the proxy as it is (http:// or https://).',
      cause,
      facts,
    });
  return new FetchError('CONNECTION_FAILED', `no answer from ${shown}: ${message}`, {
    hint: 'Check the network and the proxy settings (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), or use another mirror.',
    cause,
    facts,
  });
}

/** The proxy, or a variable that should name one: no mirror behind it can be reached either, as far as anybody knows. */
function ofProxy({ code, message, hint, cause, facts }: OutboundError, url: string): FetchError {
  if (code === 'CA_BUNDLE_UNUSABLE') throw new TypeError('a download has no bundle of its own');
  return new FetchError(code, message, { hint, cause, facts: { ...facts, url } });
}

export function stallError({
  url,
  received,
  cause,
}: {
  readonly url: URL;
  readonly received: number;
  readonly cause?: unknown;
}): FetchError {
  const shown = redactUrl(url);
  return new FetchError(
    'DOWNLOAD_STALLED',
    `download stalled: no data from ${shown} after ${formatBytes(received)}`,
    {
      hint: 'Try again later, or use another mirror.',
      cause,
      facts: { url: shown, receivedBytes: received },
    },
  );
}

/** What the server serves now does not belong to what it served before. */
export function fileChanged(url: URL): FetchError {
  const shown = redactUrl(url);
  return new FetchError('FILE_CHANGED', `the file at ${shown} changed during the download`, {
    hint: 'Run the same command again: the publisher was replacing the file; its checksum may have changed too.',
    facts: { url: shown },
  });
}

export function isFileChanged(error: unknown): boolean {
  return error instanceof FetchError && error.code === 'FILE_CHANGED';
}
