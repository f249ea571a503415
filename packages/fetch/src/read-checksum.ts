import { readFile, stat } from 'node:fs/promises';
import type { Digest } from '@ec2-image/provenance';
import { redactUrl } from '@ec2-image/redact';
import type { Dispatcher } from 'undici';
import { publishedDigest } from './checksum-file.ts';
import { FetchError } from './errors.ts';
import { formatBytes } from './format-bytes.ts';
import { stallError, statusError, transferError } from './http-errors.ts';
import { httpGet, openDispatcher, type Response } from './http-get.ts';
import { defaultStallTimeoutMs, type RetryOptions, tryMirrors } from './mirrors.ts';
import { isLoopback } from './redirect.ts';
import { type HttpSource, type LocalSource, parseSources, unreadable } from './source.ts';

export interface ReadChecksumOptions extends RetryOptions {
  /** Where the checksum file is: an http(s) or `file:` URL or a local path; several of them are mirrors, the preferred one first. */
  readonly url: string | readonly string[];
  /** The image's own name, as `imageFileName` gives it. */
  readonly fileName: string;
  /** Whether it may come over plain http from another machine, where anybody on the way can change it. Default: false. */
  readonly allowInsecure?: boolean;
}

export interface PublishedChecksum {
  readonly digest: Digest;
  /** The one that was read, as it may be shown. */
  readonly url: string;
}

/** Fedora's are 2 kB, Debian's 30 kB. */
const maxChecksumFileBytes = 2 ** 20;

/**
 * The published digest of an image.
 *
 * @throws FetchError; an abort throws the signal's reason
 */
export async function readChecksum(options: ReadChecksumOptions): Promise<PublishedChecksum> {
  const { fileName, allowInsecure = false, stallTimeoutMs = defaultStallTimeoutMs, now = Date.now } = options;
  const sources = parseSources(options.url);
  const dispatcher = openDispatcher({ stallTimeoutMs });
  try {
    return await tryMirrors({
      ...options,
      sources,
      attempt: async (source) => {
        const content =
          source.kind === 'local'
            ? await readLocal(source)
            : await download({ ...options, source, dispatcher, allowInsecure, stallTimeoutMs, now });
        return { digest: publishedDigest({ content, fileName, url: source.shown }), url: source.shown };
      },
    });
  } finally {
    await dispatcher.destroy();
  }
}

async function readLocal(source: LocalSource): Promise<Buffer> {
  let content: Buffer;
  try {
    const stats = await stat(source.path);
    if (!stats.isFile()) throw new Error('it is not a regular file');
    if (stats.size > maxChecksumFileBytes) throw tooLarge(source);
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
}: {
  readonly source: HttpSource;
  readonly dispatcher: Dispatcher;
  readonly allowInsecure: boolean;
  readonly stallTimeoutMs: number;
  readonly now: () => number;
  readonly signal?: AbortSignal;
}): Promise<Buffer> {
  const deadline = AbortSignal.timeout(stallTimeoutMs);
  try {
    const response = await httpGet({
      url: source.url,
      dispatcher,
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      checkHop: allowInsecure ? undefined : refuseInsecure,
    });
    if (response.status === 200) return await readBody(response, source);
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
      if (received > maxChecksumFileBytes) throw tooLarge(source);
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
    `${shown} is larger than ${formatBytes(maxChecksumFileBytes)}: it is not a checksum file`,
    {
      hint: 'Check the checksum URL: it may be that of the image.',
      facts: { url: shown, maxSizeBytes: maxChecksumFileBytes },
    },
  );
}
