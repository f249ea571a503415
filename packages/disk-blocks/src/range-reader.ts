import type { FileHandle } from 'node:fs/promises';
import { errorOf } from './image-reader/fill.ts';
import type { FileRange } from './image-reader/image-reader.ts';
import { counted } from './workers/counted.ts';
import type { ChecksumResult } from './workers/jobs.ts';
import { sharedPool, type WorkerPool } from './workers/pool.ts';

export interface ReadRangeOptions extends FileRange {
  /**
   * Takes the bytes, from its beginning; without it they are only checksummed. After an error or an abort a thread may still
   * write into it, so it is not to be used again.
   */
  readonly buffer?: SharedArrayBuffer;
  /** The CRC32 of what comes before, which the result continues. Default: of nothing. */
  readonly crc32?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Reads a file as it is, in worker threads, with the CRC32 of what was read. */
export interface RangeReader extends AsyncDisposable {
  /**
   * Several may run at a time.
   *
   * @returns fewer bytes than asked for where the file ends
   * @throws DiskBlocksError `LOCAL_FAILURE`, `WORKER_FAILED`; the signal's reason
   */
  read(options: ReadRangeOptions): Promise<ChecksumResult>;
}

/** @param options.file is closed with the reader */
export function createRangeReader({
  file,
  path,
  pool = sharedPool(),
}: {
  readonly file: FileHandle;
  /** Of the file, for messages. */
  readonly path: string;
  /** Default: the one that the whole process shares. */
  readonly pool?: WorkerPool;
}): RangeReader {
  const { run, idle } = counted(pool);
  return {
    async read({ offset, length, buffer, crc32 = 0, signal }) {
      if (buffer && buffer.byteLength < length)
        throw new RangeError(`a buffer of ${buffer.byteLength} bytes for ${length}`);
      const { result, fault } = await run(
        { kind: 'checksum', fd: file.fd, offset, length, buffer, crc32 },
        { signal },
      );
      if (fault) throw errorOf(fault, path);
      return result;
    },
    async [Symbol.asyncDispose]() {
      // A thread must not read from a file descriptor that is closed, or another file's by then.
      await idle();
      await file.close();
    },
  };
}
