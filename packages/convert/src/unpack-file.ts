import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { boundDisk } from './decompress/bound-disk.ts';
import { writeSparse } from './decompress/sparse-writer.ts';
import { isDiskFull, workDirectoryFull } from './errors.ts';
import { type Packing, unpack } from './unpack.ts';

export interface UnpackFileOptions {
  readonly path: string;
  readonly packing: Packing;
  /** A file that does not exist yet. */
  readonly output: string;
  /** In bytes of data, zeros not counted. */
  readonly maxDiskSize: number;
  /** In bytes; default 256 MiB. */
  readonly memoryBytes?: number;
  readonly signal?: AbortSignal;
  /** In bytes of the packed file. */
  readonly onProgress?: (progress: { done: number; total: number }) => void;
  readonly onNotice?: (message: string) => void;
}

const readBytes = 256 * 1024;

/**
 * Unpacks the disk image in a file into a sparse one.
 *
 * @returns its size, in bytes
 * @throws ConvertError `DISK_TOO_LARGE`, `WORK_DIRECTORY_FULL`, and those of {@link unpack}
 */
export async function unpackFile(options: UnpackFileOptions): Promise<number> {
  const { path, output, maxDiskSize, signal, onProgress } = options;
  const total = (await stat(path)).size;
  const input = createReadStream(path, { highWaterMark: readBytes });
  const chunks = unpack({ ...options, source: () => input });
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
