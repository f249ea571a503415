import { readFile, stat } from 'node:fs/promises';
import { redactUrl } from '@ec2-image/redact';
import type { Dispatcher } from 'undici';
import { decodeContent } from './content-encoding.ts';
import { FetchError } from './errors.ts';
import { formatBytes } from './format-bytes.ts';
import { stallError, statusError, transferError } from './http-errors.ts';
import { httpGet, type Response } from './http-get.ts';
import { isLoopback } from './redirect.ts';
import { type HttpSource, type LocalSource, type Source, unreadable } from './source.ts';

/** A checksum file, or a signature. */
export interface SmallFileOptions {
  readonly source: Source;
  readonly dispatcher: Dispatcher;
  /** Whether it may come over plain http from another machine. */
  readonly allowInsecure: boolean;
  /** The whole of it has to be there within this time. */
  readonly stallTimeoutMs: number;
  readonly now: () => number;
  readonly signal?: AbortSignal;
}

/** Fedora's checksum files are 2 kB, Debian's 30 kB. */
const maxSmallFileBytes = 2 ** 20;

/**
 * The whole of a file that is small.
 *
 * @throws FetchError
 */
export function readSmallFile(options: SmallFileOptions): Promise<Buffer> {
  const { source } = options;
  return source.kind === 'local' ? readLocal(source) : download({ ...options, source });
}

async function readLocal(source: LocalSource): Promise<Buffer> {
  let content: Buffer;
  try {
    const stats = await stat(source.path);
    if (!stats.isFile()) throw new Error('it is not a regular file');
    if (stats.size > maxSmallFileBytes) throw tooLarge(source);
    content = await readFile(source.path);
  } catch (cause) {
    throw cause instanceof FetchError ? cause : unreadable({ source, cause: cause as Error });
  }
  return content;
}

/** One attempt, which has to be over within the stall time-out: nothing this small takes longer on a connection that works. */
async function download({
  source,
  dispatcher,
  allowInsecure,
  stallTimeoutMs,
  now,
  signal,
}: SmallFileOptions & { readonly source: HttpSource }): Promise<Buffer> {
  const deadline = AbortSignal.timeout(stallTimeoutMs);
  try {
    const response = await httpGet({
      url: source.url,
      dispatcher,
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      checkHop: allowInsecure ? undefined : refuseInsecure,
    });
    if (response.status === 200) {
      const content = await readBody(response, source);
      return await decodeContent(content, {
        encoding: response.headers['content-encoding'],
        maxBytes: maxSmallFileBytes,
        url: source.shown,
      });
    }
    response.body.discard();
    throw statusError({ ...response, nowMs: now(), notFoundHint: 'Check the checksum URL.' });
  } catch (cause) {
    signal?.throwIfAborted();
    if (deadline.aborted) throw stallError({ url: source.url, received: 0, cause });
    throw cause;
  }
}

async function readBody({ url, body }: Response, source: HttpSource): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let received = 0;
  try {
    for await (const chunk of body) {
      received += chunk.length;
      if (received > maxSmallFileBytes) throw tooLarge(source);
      chunks.push(chunk);
    }
  } catch (cause) {
    throw transferError({ cause, url, received: { bytes: received } });
  }
  return Buffer.concat(chunks);
}

/** Loopback aside: what goes there nobody can change on the way. */
function refuseInsecure(hop: URL): void {
  if (hop.protocol !== 'http:' || isLoopback(hop)) return;
  const shown = redactUrl(hop);
  throw new FetchError('INSECURE_CHECKSUM', `refusing a checksum over plain http, from ${shown}`, {
    hint: 'Use an https URL, or, if nobody on the network path can change it, --allow-insecure-checksum.',
    facts: { url: shown },
  });
}

function tooLarge({ shown }: { readonly shown: string }): FetchError {
  return new FetchError(
    'CHECKSUM_TOO_LARGE',
    `${shown} is larger than ${formatBytes(maxSmallFileBytes)}: it is not a checksum file`,
    {
      hint: 'Check the checksum URL: it may be that of the image.',
      facts: { url: shown, maxSizeBytes: maxSmallFileBytes },
    },
  );
}
