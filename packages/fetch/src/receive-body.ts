import { redactUrl } from '@ec2-image/redact';
import { FetchError } from './errors.ts';
import { formatExactBytes } from './format-bytes.ts';
import { stallError, transferError } from './http-errors.ts';
import type { Response } from './http-get.ts';
import { tooLarge } from './image-size.ts';
import type { PartialFile } from './partial-file.ts';
import { RangeWriter } from './range-writer.ts';

/** A connection that receives less than this over a whole stall time-out counts as stalled: an image would take weeks. */
const minBytesPerSecond = 1024;

/**
 * Streams the body of an answer into the partial file. What arrived is in the file and its journal, even where this throws.
 *
 * @param options.end where the body must end; left out where the server did not say
 * @param options.onBytes called with the number of bytes received
 * @throws FetchError `BODY_TRUNCATED`, `BODY_TOO_LONG`, `DOWNLOAD_STALLED`, `IMAGE_TOO_LARGE`, `WORK_DIRECTORY_…`
 */
export async function receiveBody({
  response: { url, body },
  file,
  start,
  end,
  maxSizeBytes,
  stallTimeoutMs,
  signal,
  onBytes,
}: {
  readonly response: Response;
  readonly file: PartialFile;
  readonly start: number;
  readonly end?: number;
  readonly maxSizeBytes: number;
  readonly stallTimeoutMs: number;
  readonly signal?: AbortSignal;
  readonly onBytes: (count: number) => void;
}): Promise<void> {
  const writer = new RangeWriter({
    file,
    offset: start,
    length: end === undefined ? undefined : end - start,
  });
  const pace = paceMeter(stallTimeoutMs);
  const onAbort = () => body.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const chunk of body) {
      onBytes(chunk.length);
      const room = (end ?? maxSizeBytes) - writer.offset;
      if (chunk.length > room && end === undefined) throw tooLarge(url, maxSizeBytes);
      await writer.add(chunk.length > room ? chunk.subarray(0, room) : chunk);
      if (chunk.length > room) throw tooLong(url, end! - start);
      if (!pace.isKept(chunk.length)) throw stallError({ url, received: writer.offset - start });
    }
  } catch (cause) {
    await writer.flush();
    signal?.throwIfAborted();
    const received = {
      bytes: writer.offset - start,
      expected: end === undefined ? undefined : end - start,
    };
    throw transferError({ cause, url, received });
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
  await writer.flush();
  if (end !== undefined && writer.offset < end)
    throw tooShort({ url, received: writer.offset - start, expected: end - start });
}

/** Reads the clock only when bytes arrive; undici notices when none do. */
function paceMeter(windowMs: number) {
  let since = performance.now();
  let received = 0;
  return {
    isKept(count: number): boolean {
      received += count;
      const elapsedMs = performance.now() - since;
      if (elapsedMs < windowMs) return true;
      const kept = received >= (minBytesPerSecond * elapsedMs) / 1000;
      since += elapsedMs;
      received = 0;
      return kept;
    },
  };
}

function tooShort({
  url,
  received,
  expected,
}: {
  readonly url: URL;
  readonly received: number;
  readonly expected: number;
}): FetchError {
  const shown = redactUrl(url);
  return new FetchError(
    'BODY_TRUNCATED',
    `${shown} announced ${formatExactBytes(expected)} and sent ${formatExactBytes(received)}`,
    {
      hint: 'Check the network, or use another mirror.',
      resumable: true,
      facts: { url: shown, receivedBytes: received, expectedBytes: expected },
    },
  );
}

function tooLong(url: URL, expected: number): FetchError {
  const shown = redactUrl(url);
  return new FetchError(
    'BODY_TOO_LONG',
    `${shown} sent more than the ${formatExactBytes(expected)} it announced`,
    {
      hint: 'The server or a proxy is broken: use another mirror.',
      facts: { url: shown, expectedBytes: expected },
    },
  );
}
