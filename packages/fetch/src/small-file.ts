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
  /** What it is, where it is neither a checksum file nor a signature. */
  readonly kind?: SmallFileKind;
}

/** What a small file is for: how large it may be, and how messages speak of it. */
export interface SmallFileKind {
  readonly maxBytes: number;
  readonly notFoundHint: string;
  /** It is larger than that. */
  tooLarge(url: string): FetchError;
  /** It comes over plain http. */
  insecure(url: string): FetchError;
}

export interface SmallFile {
  readonly content: Buffer;
  /** The one that answered, after redirects. Of a local file none. */
  readonly url?: URL;
}

/** Fedora's checksum files are 2 kB, Debian's 30 kB. */
const maxSmallFileBytes = 2 ** 20;

const checksumFile: SmallFileKind = {
  maxBytes: maxSmallFileBytes,
  notFoundHint: 'Check the checksum URL.',
  tooLarge: (url) =>
    new FetchError(
      'CHECKSUM_TOO_LARGE',
      `${url} is larger than ${formatBytes(maxSmallFileBytes)}: it is not a checksum file`,
      {
        hint: 'Check the checksum URL: it may be that of the image.',
        facts: { url, maxSizeBytes: maxSmallFileBytes },
      },
    ),
  insecure: (url) =>
    new FetchError('INSECURE_CHECKSUM', `refusing a checksum over plain http, from ${url}`, {
      hint: 'Use an https URL, or, if nobody on the network path can change it, --allow-insecure-checksum.',
      facts: { url },
    }),
};

/**
 * The whole of a file that is small.
 *
 * @throws FetchError
 */
export async function readSmallFile(options: SmallFileOptions): Promise<Buffer> {
  return (await fetchSmallFile(options)).content;
}

/** The same, and where it came from in the end. */
export async function fetchSmallFile(options: SmallFileOptions): Promise<SmallFile> {
  const { source, kind = checksumFile } = options;
  if (source.kind === 'local') return { content: await readLocal(source, kind) };
  return download({ ...options, source, kind });
}

async function readLocal(source: LocalSource, kind: SmallFileKind): Promise<Buffer> {
  let content: Buffer;
  try {
    const stats = await stat(source.path);
    if (!stats.isFile()) throw new Error('it is not a regular file');
    if (stats.size > kind.maxBytes) throw kind.tooLarge(source.shown);
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
  kind,
}: SmallFileOptions & { readonly source: HttpSource; readonly kind: SmallFileKind }): Promise<SmallFile> {
  const deadline = AbortSignal.timeout(stallTimeoutMs);
  try {
    const response = await httpGet({
      url: source.url,
      dispatcher,
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      checkHop: allowInsecure ? undefined : (hop) => refuseInsecure(hop, kind),
    });
    if (response.status === 200) {
      const body = await readBody(response, { source, kind });
      const content = await decodeContent(body, {
        encoding: response.headers['content-encoding'],
        maxBytes: kind.maxBytes,
        url: source.shown,
      });
      return { content, url: response.url };
    }
    response.body.discard();
    throw statusError({ ...response, nowMs: now(), notFoundHint: kind.notFoundHint });
  } catch (cause) {
    signal?.throwIfAborted();
    if (deadline.aborted) throw stallError({ url: source.url, received: 0, cause });
    throw cause;
  }
}

async function readBody(
  { url, body }: Response,
  { source, kind }: { readonly source: HttpSource; readonly kind: SmallFileKind },
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let received = 0;
  try {
    for await (const chunk of body) {
      received += chunk.length;
      if (received > kind.maxBytes) throw kind.tooLarge(source.shown);
      chunks.push(chunk);
    }
  } catch (cause) {
    throw transferError({ cause, url, received: { bytes: received } });
  }
  return Buffer.concat(chunks);
}

/** Loopback aside: what goes there nobody can change on the way. */
function refuseInsecure(hop: URL, kind: SmallFileKind): void {
  if (hop.protocol === 'http:' && !isLoopback(hop)) throw kind.insecure(redactUrl(hop));
}
