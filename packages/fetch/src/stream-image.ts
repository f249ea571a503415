import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { type Digest, digestAlgorithm, digestOf } from '@ec2-image/provenance';
import { redactUrl } from '@ec2-image/redact';
import type { Dispatcher } from 'undici';
import { mismatchError } from './digest-mismatch.ts';
import { FetchError } from './errors.ts';
import type { Extent } from './extents.ts';
import { headBytes, type Progress } from './hash-file.ts';
import { statusError, transferError } from './http-errors.ts';
import { httpGet, openDispatcher, type Response } from './http-get.ts';
import { defaultMaxSizeBytes, tooLarge } from './image-size.ts';
import type { Origin } from './journal.ts';
import { type RetryOptions, tryMirrors } from './mirrors.ts';
import { isRangeRefusal, originOf, rangeHeaders, rangeRequest, readAnswer } from './range.ts';
import { defaultStallTimeoutMs } from './retry.ts';
import { type HttpSource, parseSources } from './source.ts';

export interface StreamImageOptions extends RetryOptions {
  /** http(s) URLs; several of them are mirrors of one another, the preferred one first. */
  readonly url: string | readonly string[];
  readonly digest: Digest;
  /** Where the digest comes from; only for the message of a mismatch. */
  readonly checksumUrl?: string;
  /** Whether https may redirect to http: only where the digest itself came in a way that nobody can change. Default: false. */
  readonly allowHttpRedirect?: boolean;
  /** Larger images are refused. Default: 64 GiB. */
  readonly maxSizeBytes?: number;
}

/** An image on its server: readable at any offset, and streamable from the front without a file. */
export interface ImageStream extends AsyncDisposable {
  /** In bytes. */
  readonly size: number;
  /** The bytes from `offset` on: `length` of them, fewer only at the end. They are not checked yet. */
  read(offset: number, length: number): Promise<Buffer>;
  /**
   * All bytes in order, through broken connections and from other mirrors where it takes that. The end is only reached
   * when they have the digest.
   *
   * @throws FetchError
   */
  chunks(options?: {
    readonly signal?: AbortSignal;
    readonly onProgress?: (progress: Progress) => void;
  }): AsyncGenerator<Buffer>;
}

type Opened = StreamImageOptions & {
  readonly sources: readonly HttpSource[];
  readonly dispatcher: Dispatcher;
  readonly origin: Origin;
  readonly size: number;
};

/** A first read, which holds most of what header parsers need. */
const lookBytes = 64 * 1024;

/**
 * Opens an image for streaming. Undefined where that is impossible: it is a local file, or the server takes no ranges
 * or does not tell the size, so that a broken connection would mean the whole of it again.
 *
 * @throws FetchError
 */
export async function streamImage(options: StreamImageOptions): Promise<ImageStream | undefined> {
  const sources = parseSources(options.url);
  const remote = sources.filter((source) => source.kind === 'http');
  if (remote.length < sources.length) return undefined;
  const { stallTimeoutMs = defaultStallTimeoutMs, maxSizeBytes = defaultMaxSizeBytes } = options;
  const dispatcher = openDispatcher({ stallTimeoutMs, signS3: options.signS3 });
  try {
    const look = { start: 0, end: lookBytes };
    const first = await tryMirrors({
      ...options,
      sources: remote,
      attempt: async ({ url }) => {
        const asked = await askForPart({ ...options, dispatcher }, { url, wanted: look }).catch((error) => {
          // Whether the file exists at all, its download will show.
          if (isRangeRefusal(error)) return undefined;
          throw error;
        });
        if (!asked) return undefined;
        const { response, part } = asked;
        if (part?.total === undefined) {
          response.body.discard();
          return undefined;
        }
        if (part.total > maxSizeBytes) {
          response.body.discard();
          throw tooLarge(response.url, maxSizeBytes, part.total);
        }
        const origin = originOf({ ...response, total: part.total });
        return { origin, size: part.total, head: await readAll(response, part.extent) };
      },
    });
    if (!first) {
      await dispatcher.destroy();
      return undefined;
    }
    const opened = { ...options, ...first, sources: remote, dispatcher };
    return {
      size: first.size,
      read: async (offset, length) => {
        const end = Math.min(offset + length, first.size);
        return end <= first.head.length
          ? first.head.subarray(offset, Math.max(offset, end))
          : readRange(opened, { start: offset, end });
      },
      chunks: (run) => streamChunks(opened, run),
      [Symbol.asyncDispose]: () => dispatcher.destroy(),
    };
  } catch (error) {
    await dispatcher.destroy();
    throw error;
  }
}

/** The answer to a request for a part; without `part` where the server sends the whole file. */
async function askForPart(
  {
    dispatcher,
    signal,
    origin,
    now = Date.now,
    allowHttpRedirect: allowHttp,
    stallTimeoutMs: answerTimeoutMs = defaultStallTimeoutMs,
  }: Pick<Opened, 'dispatcher' | 'signal' | 'now' | 'allowHttpRedirect' | 'stallTimeoutMs'> & {
    readonly origin?: Origin;
  },
  { url, wanted }: { readonly url: URL; readonly wanted: Extent },
): Promise<{ response: Response; part?: { readonly extent: Extent; readonly total?: number } }> {
  const requestTo = (hop: URL) =>
    rangeRequest({ url: hop, wanted, origin, hasBytes: origin !== undefined, isSameAttempt: true });
  const headersFor = (hop: URL) => rangeHeaders(requestTo(hop));
  const response = await httpGet({ url, dispatcher, signal, headersFor, allowHttp, answerTimeoutMs });
  const answer = readAnswer({ ...response, asked: requestTo(response.url), origin });
  if (answer?.kind === 'part') return { response, part: answer };
  if (answer?.kind === 'whole' && !origin) return { response };
  response.body.discard();
  if (!answer) throw statusError({ ...response, nowMs: now(), isRange: origin === undefined });
  throw fileChanged(response.url);
}

function readRange(opened: Opened, wanted: Extent): Promise<Buffer> {
  const attempt = async ({ url }: HttpSource) => {
    const { response, part } = await askForPart(opened, { url, wanted });
    return readAll(response, part!.extent);
  };
  return tryMirrors({ ...opened, attempt });
}

/** Of an answer that is known to be short. */
async function readAll({ url, body }: Response, { start, end }: Extent): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let received = 0;
  const expected = end - start;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      received += chunk.length;
    }
  } catch (cause) {
    throw transferError({ cause, url, received: { bytes: received, expected } });
  }
  if (received < expected) throw endedEarly(url, { received, expected });
  return Buffer.concat(chunks, expected);
}

async function* streamChunks(
  opened: Opened,
  { signal: outer = opened.signal, onProgress }: Parameters<ImageStream['chunks']>[0] = {},
): AsyncGenerator<Buffer> {
  const stop = new AbortController();
  const signal = outer ? AbortSignal.any([outer, stop.signal]) : stop.signal;
  const bytes = new PassThrough({ highWaterMark: aheadBytes });
  const pumping = pump({ ...opened, signal }, { bytes, onProgress }).then(
    () => bytes.end(),
    (error: Error) => bytes.destroy(error),
  );
  try {
    yield* bytes as AsyncIterable<Buffer>;
  } finally {
    stop.abort();
    bytes.destroy();
    await pumping;
  }
}

/** What may have come and not been read yet. */
const aheadBytes = 1024 * 1024;
/** Less than this much more is not worth another round of attempts. */
const minAdvanceBytes = 1024 * 1024;

async function pump(
  opened: Opened & { readonly signal: AbortSignal },
  { bytes, onProgress }: { readonly bytes: PassThrough; readonly onProgress?: (progress: Progress) => void },
): Promise<void> {
  const { size, digest, checksumUrl, signal } = opened;
  const hash = createHash(digestAlgorithm(digest));
  let head = Buffer.alloc(0);
  let position = 0;
  let mark = 0;
  const attempt = async (source: HttpSource): Promise<HttpSource> => {
    if (position === size) return source;
    const { response, part } = await askForPart(opened, {
      url: source.url,
      wanted: { start: position, end: size },
    });
    const onAbort = () => response.body.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const { end } = part!.extent;
    try {
      for await (const received of response.body) {
        const chunk = received.subarray(0, end - position);
        hash.update(chunk);
        if (head.length < headBytes) head = Buffer.concat([head, chunk]).subarray(0, headBytes);
        position += chunk.length;
        onProgress?.({ done: position, total: size });
        if (!bytes.write(chunk)) await once(bytes, 'drain', { signal });
      }
    } catch (cause) {
      signal.throwIfAborted();
      throw transferError({ cause, url: response.url, received: { bytes: position, expected: size } });
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
    if (position < size) throw endedEarly(response.url, { received: position, expected: size });
    return source;
  };
  const hasAdvanced = () => {
    const advanced = position - mark >= Math.min(minAdvanceBytes, size / 100);
    if (advanced) mark = position;
    return advanced;
  };
  const { shown } = await tryMirrors({ ...opened, attempt, hasAdvanced });
  const actual = digestOf(digestAlgorithm(digest), hash.digest('hex'));
  if (actual === digest) return;
  throw mismatchError({
    expected: digest,
    actual: [actual],
    urls: [shown],
    checksumUrl: checksumUrl && redactUrl(checksumUrl),
    head,
    sizeBytes: size,
  });
}

function endedEarly(
  url: URL,
  { received, expected }: { readonly received: number; readonly expected: number },
): FetchError {
  const shown = redactUrl(url);
  return new FetchError('BODY_TRUNCATED', `${shown} ended after ${received} of ${expected} bytes`, {
    hint: 'Run the same command again, or use another mirror.',
    facts: { url: shown, receivedBytes: received, expectedBytes: expected },
  });
}

function fileChanged(url: URL): FetchError {
  const shown = redactUrl(url);
  return new FetchError('FILE_CHANGED', `the file at ${shown} changed during the download`, {
    hint: 'Run the same command again: the publisher was replacing the file; its checksum may have changed too.',
    facts: { url: shown },
  });
}
