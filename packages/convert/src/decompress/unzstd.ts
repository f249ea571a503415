import { constants, createZstdDecompress, zstdDecompressSync } from 'node:zlib';
import { corruptCompression, decompressionMemory, truncatedCompression } from './errors.ts';
import { createInput } from './input.ts';
import { createMemberReader, outputChunkBytes } from './member.ts';

export interface UnzstdOptions {
  readonly signal?: AbortSignal;
  /** In bytes: of the window of earlier data that a frame refers to. */
  readonly memoryBytes: number;
}

/** Zstd files may be made of many frames (RFC 8878, 3), and Node's decoders stop after the first. */
export async function* unzstd(
  source: AsyncIterable<Buffer>,
  { signal, memoryBytes }: UnzstdOptions,
): AsyncGenerator<Buffer> {
  const params = { [constants.ZSTD_d_windowLogMax]: windowLogOf(memoryBytes) };
  await using input = createInput(source, signal);
  const decodeFrame = createMemberReader(input, {
    createStream: () => createZstdDecompress({ chunkSize: outputChunkBytes, params }),
    decodeSync: (bytes, options) => zstdDecompressSync(bytes, { ...options, params }),
  });
  try {
    while ((await input.peek(1)).length > 0) yield* decodeFrame();
  } catch (error) {
    signal?.throwIfAborted();
    throw explain(error, memoryBytes);
  }
}

/** The format's own limits, as zstd takes them: 1 KiB and 2 GiB. */
function windowLogOf(memoryBytes: number): number {
  return Math.min(31, Math.max(10, Math.floor(Math.log2(memoryBytes))));
}

function explain(error: unknown, memoryBytes: number): unknown {
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'Z_BUF_ERROR') return truncatedCompression('zstd', error);
  if (code === 'ZSTD_error_frameParameter_windowTooLarge' || code === 'ZSTD_error_memory_allocation') {
    return decompressionMemory('zstd', memoryBytes, error);
  }
  return code?.startsWith('ZSTD_') ? corruptCompression('zstd', message ?? code, error) : error;
}
