import { once } from 'node:events';
import { constants, createZstdDecompress, type ZstdDecompress } from 'node:zlib';
import { corruptCompression, decompressionMemory, truncatedCompression } from './errors.ts';
import { outputChunkBytes } from './gunzip.ts';
import { maxWindowLog } from './limits.ts';

/**
 * Node's decoder stops after the first frame, without a word if more follow in the same chunk, while zstd files may
 * be made of many (RFC 8878, 3). So each frame gets a decoder of its own, which begins with the bytes that the one
 * before left over.
 */
export async function* unzstd(source: AsyncIterable<Buffer>, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Buffer | undefined;
  try {
    const nextChunk = async (): Promise<Buffer | undefined> => {
      signal?.throwIfAborted();
      const chunk = rest ?? ((await chunks.next()).value as Buffer | undefined);
      rest = undefined;
      return chunk;
    };
    for (let chunk = await nextChunk(); chunk; chunk = await nextChunk()) {
      if (chunk.length > 0) rest = yield* decodeFrame(chunk, nextChunk);
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw explain(error);
  } finally {
    await chunks.return?.();
  }
}

/** Yields what the frame holds; returns the input behind it, if there is any in the last chunk. */
async function* decodeFrame(
  first: Buffer,
  nextChunk: () => Promise<Buffer | undefined>,
): AsyncGenerator<Buffer, Buffer | undefined> {
  const decoder = createZstdDecompress({
    chunkSize: outputChunkBytes,
    params: { [constants.ZSTD_d_windowLogMax]: maxWindowLog },
  });
  const rest = feed(decoder, first, nextChunk);
  rest.catch((error: Error) => decoder.destroy(error));
  try {
    yield* decoder;
    return await rest;
  } finally {
    decoder.destroy();
  }
}

/** Writes chunk by chunk until the source or the frame ends, so that what the frame leaves is in one chunk. */
async function feed(
  decoder: ZstdDecompress,
  first: Buffer,
  nextChunk: () => Promise<Buffer | undefined>,
): Promise<Buffer | undefined> {
  const closed = once(decoder, 'close');
  closed.catch(() => {});
  for (let chunk: Buffer | undefined = first; chunk; chunk = await nextChunk()) {
    const consumedBefore = decoder.bytesWritten;
    const written = new Promise<void>((resolve) => decoder.write(chunk, () => resolve()));
    await Promise.race([written, closed]);
    // A decoder takes all of a chunk, unless its frame ends within it.
    const rest = chunk.subarray(decoder.bytesWritten - consumedBefore);
    if (rest.length > 0) return rest;
  }
  decoder.end();
  return undefined;
}

function explain(error: unknown): unknown {
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'Z_BUF_ERROR') return truncatedCompression('zstd', error);
  if (code === 'ZSTD_error_frameParameter_windowTooLarge' || code === 'ZSTD_error_memory_allocation') {
    return decompressionMemory('zstd', `a window of ${2 ** (maxWindowLog - 20)} MiB`, error);
  }
  return code?.startsWith('ZSTD_') ? corruptCompression('zstd', message ?? code, error) : error;
}
