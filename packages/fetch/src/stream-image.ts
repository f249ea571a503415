import type { Digest } from '@ec2-image/provenance';
import type { Extent } from './extents.ts';
import { transferError } from './http-errors.ts';
import { openDispatcher, type Response } from './http-get.ts';
import { defaultMaxSizeBytes, tooLarge } from './image-size.ts';
import { type RetryOptions, tryMirrors } from './mirrors.ts';
import { originOf } from './range.ts';
import { defaultStallTimeoutMs } from './retry.ts';
import { type HttpSource, parseSources } from './source.ts';
import { type ChunksOptions, endedEarly, type OpenedStream, streamChunks } from './stream-chunks.ts';
import { rangeUnusable, requestPart } from './stream-request.ts';

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
  /**
   * The bytes from `offset` on: `length` of them, fewer only at the end. They are not checked yet.
   *
   * @throws FetchError `RANGE_UNUSABLE` where the server does not serve them as a part of the same file, others where it fails
   */
  read(offset: number, length: number): Promise<Buffer>;
  /**
   * All bytes in order, through broken connections and from other mirrors where it takes that. A server that does not
   * serve the rest alone is asked for all of it. The end is only reached when they have the digest.
   *
   * @throws FetchError
   */
  chunks(options?: ChunksOptions): AsyncGenerator<Buffer>;
}

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
        const answer = await requestPart({ ...options, dispatcher }, { url, wanted: look });
        if (answer.kind === 'unusable') return undefined;
        const { response, total } = answer;
        if (answer.kind === 'whole' || total === undefined || answer.extent.end < Math.min(look.end, total)) {
          response.body.discard();
          return undefined;
        }
        if (total > maxSizeBytes) {
          response.body.discard();
          throw tooLarge(response.url, maxSizeBytes, total);
        }
        const origin = originOf({ ...response, total });
        return { origin, size: total, head: await readAll(response, answer.extent) };
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

async function readRange(opened: OpenedStream, wanted: Extent): Promise<Buffer> {
  const attempt = async ({ url }: HttpSource) => {
    const answer = await requestPart(opened, { url, wanted });
    if (answer.kind === 'unusable') return answer;
    const { response } = answer;
    if (answer.kind === 'part' && answer.extent.end === wanted.end)
      return { bytes: await readAll(response, wanted) };
    response.body.discard();
    const why = answer.kind === 'part' ? 'the server sent less of it' : 'the server sent all of it';
    return { error: rangeUnusable(response.url, why) };
  };
  const read = await tryMirrors({ ...opened, attempt });
  if ('error' in read) throw read.error;
  return read.bytes;
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
      // An answer without a length may never end.
      if (received > expected) break;
    }
  } catch (cause) {
    throw transferError({ cause, url, received: { bytes: received, expected } });
  }
  if (received < expected) throw endedEarly(url, { received, expected });
  return Buffer.concat(chunks, expected);
}
