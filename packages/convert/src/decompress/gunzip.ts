import { addAbortSignal, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { corruptCompression, truncatedCompression } from './errors.ts';

/** zlib's own 16 KiB would cost a turn of the event loop each. */
export const outputChunkBytes = 256 * 1024;

export async function* gunzip(source: AsyncIterable<Buffer>, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const decoder = createGunzip({ chunkSize: outputChunkBytes });
  // The callback takes the error: the loop below sees the same one.
  pipeline(source, decoder, () => {});
  if (signal) addAbortSignal(signal, decoder);
  try {
    yield* decoder;
  } catch (error) {
    signal?.throwIfAborted();
    throw explain(error);
  }
}

function explain(error: unknown): unknown {
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'Z_BUF_ERROR') return truncatedCompression('gzip', error);
  return code?.startsWith('Z_') ? corruptCompression('gzip', message ?? code, error) : error;
}
