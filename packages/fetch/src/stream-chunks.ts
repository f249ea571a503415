import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { type Digest, digestAlgorithm, digestOf } from '@ec2-image/provenance';
import { redactUrl } from '@ec2-image/redact';
import { mismatchError } from './digest-mismatch.ts';
import { FetchError } from './errors.ts';
import { headBytes, type Progress } from './hash-file.ts';
import { fileChanged, isFileChanged, transferError } from './http-errors.ts';
import type { Response } from './http-get.ts';
import { type RetryOptions, tryMirrors } from './mirrors.ts';
import { isWorthRetrying } from './retry.ts';
import type { HttpSource } from './source.ts';
import { requestPart, requestWhole, type StreamRequestOptions } from './stream-request.ts';

export interface OpenedStream extends RetryOptions, Omit<StreamRequestOptions, keyof RetryOptions> {
  readonly sources: readonly HttpSource[];
  readonly digest: Digest;
  readonly checksumUrl?: string;
  /** In bytes. */
  readonly size: number;
}

export interface ChunksOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** What may have come and not been read yet. */
const aheadBytes = 1024 * 1024;
/** Less than this much more is not worth another round of attempts. */
const minAdvanceBytes = 1024 * 1024;

/** All bytes in order. The end is only reached when they have the digest. */
export async function* streamChunks(
  opened: OpenedStream,
  { signal: outer = opened.signal, onProgress }: ChunksOptions = {},
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

async function pump(
  opened: OpenedStream & { readonly signal: AbortSignal },
  { bytes, onProgress }: { readonly bytes: PassThrough; readonly onProgress?: (progress: Progress) => void },
): Promise<void> {
  const { size, digest, checksumUrl, signal } = opened;
  const hash = createHash(digestAlgorithm(digest));
  let head = Buffer.alloc(0);
  let position = 0;
  let mark = 0;
  const attempt = async (source: HttpSource): Promise<HttpSource> => {
    if (position === size) return source;
    const { response, start, end } = await requestRest(opened, { url: source.url, position });
    const onAbort = () => response.body.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    let offset = start;
    try {
      for await (const received of response.body) {
        const chunk = received.subarray(Math.max(0, position - offset), end - offset);
        offset += received.length;
        // An answer without a length may never end.
        if (chunk.length === 0 && position === end) break;
        if (chunk.length === 0) continue;
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
  const { shown } = await tryMirrors({
    ...opened,
    attempt,
    hasAdvanced,
    // Another file stays another one, and what was given of the first cannot be taken back.
    isWorthRetrying: (error) => !isFileChanged(error) && isWorthRetrying(error),
  });
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

/**
 * From `position` on where the server serves that part of the same file. Else all of it comes again, and
 * the reader skips the beginning; whether that is the same file, the digest decides.
 */
async function requestRest(
  opened: OpenedStream,
  { url, position }: { readonly url: URL; readonly position: number },
): Promise<{ readonly response: Response; readonly start: number; readonly end: number }> {
  const rest =
    position > 0
      ? await requestPart(opened, { url, wanted: { start: position, end: opened.size } })
      : undefined;
  if (rest?.kind === 'part') return { response: rest.response, ...rest.extent };
  const whole = rest?.kind === 'whole' ? rest : await requestWhole(opened, url);
  const { response, total = opened.size } = whole;
  if (total === opened.size) return { response, start: 0, end: total };
  response.body.discard();
  throw fileChanged(response.url);
}

export function endedEarly(
  url: URL,
  { received, expected }: { readonly received: number; readonly expected: number },
): FetchError {
  const shown = redactUrl(url);
  return new FetchError('BODY_TRUNCATED', `${shown} ended after ${received} of ${expected} bytes`, {
    hint: 'Run the same command again, or use another mirror.',
    facts: { url: shown, receivedBytes: received, expectedBytes: expected },
  });
}
