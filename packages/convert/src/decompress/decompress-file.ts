import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Compression } from '@ec2-image/image-headers';
import { isDiskFull, workDirectoryFull } from '../errors.ts';
import { boundDisk } from './bound-disk.ts';
import { decompress } from './decompress.ts';
import { writeSparse } from './sparse-writer.ts';

export interface DecompressFileOptions {
  readonly path: string;
  readonly compression: Compression;
  /** A file that does not exist yet. */
  readonly output: string;
  /** In bytes of data, zeros not counted. */
  readonly maxDiskSize: number;
  /** In bytes; default 256 MiB. */
  readonly memoryBytes?: number;
  readonly signal?: AbortSignal;
  /** In bytes of the compressed file. */
  readonly onProgress?: (progress: { done: number; total: number }) => void;
  readonly onNotice?: (message: string) => void;
}

const readBytes = 256 * 1024;

/**
 * Decompresses a file into a sparse one.
 *
 * @returns its size, in bytes
 * @throws ConvertError `DISK_TOO_LARGE`, `WORK_DIRECTORY_FULL`, and those of {@link decompress}
 */
export async function decompressFile(options: DecompressFileOptions): Promise<number> {
  const { path, output, maxDiskSize, signal, onProgress } = options;
  const total = (await stat(path)).size;
  const input = createReadStream(path, { highWaterMark: readBytes });
  const chunks = decompress({ ...options, source: input });
  const handle = await open(output, 'wx');
  try {
    return await writeSparse(handle, boundDisk(chunks, { maxDiskSize }), () => {
      signal?.throwIfAborted();
      onProgress?.({ done: Math.min(input.bytesRead, total), total });
    });
  } catch (error) {
    throw isDiskFull(error) ? workDirectoryFull({ directory: dirname(output), cause: error }) : error;
  } finally {
    input.destroy();
    await handle.close();
  }
}

/** The first `length` decompressed bytes, fewer where it has no more. */
export async function decompressHead(
  options: Pick<DecompressFileOptions, 'path' | 'compression' | 'memoryBytes' | 'signal'> & {
    readonly length: number;
  },
): Promise<Buffer> {
  const { path, compression, memoryBytes, signal, length } = options;
  const input = createReadStream(path, { highWaterMark: readBytes });
  try {
    return await readHead(decompress({ compression, source: input, memoryBytes, signal }), length);
  } finally {
    input.destroy();
  }
}

/** The first bytes of a stream, which is left as soon as they are there. */
export async function readHead(chunks: AsyncIterable<Buffer>, length: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let total = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    total += chunk.length;
    if (total >= length) break;
  }
  return Buffer.concat(parts).subarray(0, length);
}
