import { type FileHandle, open } from 'node:fs/promises';
import { diskChanged, diskUnreadable, type FileDisk, finishedDisk } from './disk.ts';
import type { ByteRange } from './part-plan.ts';

/** Reads a disk's file, waiting for what is not written yet. */
export interface FileReader {
  /** The part's bytes, in a view of `buffer`; fewer where the finished disk ends inside the part, none where it ends before. */
  read(range: ByteRange, buffer: Buffer): Promise<Buffer>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Polling interval for a growing file. */
const growthPollMs = 200;

export async function openFileReader({
  disk,
  sleep,
}: {
  readonly disk: FileDisk;
  /** Ends with the upload's signal. */
  readonly sleep: (ms: number) => Promise<void>;
}): Promise<FileReader> {
  let finishedSize: number | undefined;
  let failure: { readonly reason: unknown } | undefined;
  const finished = finishedDisk(disk).then(
    ({ size }) => {
      finishedSize = size;
    },
    (reason: unknown) => {
      failure = { reason };
    },
  );
  const writeLagBytes = ('finished' in disk && disk.writeLagBytes) || 0;
  if (!('finished' in disk)) await finished;
  let opening: Promise<FileHandle | undefined> | undefined;
  let closed = false;

  /** Once for all readers. Undefined while there is no such file. */
  async function file(path: string): Promise<FileHandle | undefined> {
    if (closed) throw new Error('the disk is closed');
    opening ??= openIfThere(path);
    const handle = await opening;
    if (!handle) opening = undefined;
    return handle;
  }

  /** `end`, or where the finished disk ends before it. */
  async function writtenUpTo(end: number): Promise<number> {
    for (;;) {
      if (failure) throw failure.reason;
      if (finishedSize !== undefined) return Math.min(finishedSize, end);
      // What was written last may still move: what follows being there says that the writer has moved on.
      const stats = await (await file(disk.path))?.stat();
      if (stats && stats.size > end + writeLagBytes) return end;
      await Promise.race([sleep(growthPollMs), finished]);
    }
  }

  return {
    async read({ start, end }, buffer) {
      const into = buffer.subarray(0, Math.max(0, (await writtenUpTo(end)) - start));
      // A file that was opened while it grew stays the same when it is renamed.
      const { path } = finishedSize === undefined ? disk : await finishedDisk(disk);
      const handle = await file(path);
      if (!handle) throw diskUnreadable(path);
      return readFully(handle, { path, start, into });
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      await (await opening)?.close();
    },
  };
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw diskUnreadable(path, error as NodeJS.ErrnoException);
  }
}

/** @throws S3UploadError `DISK_CHANGED` where the file ends before `into` is full */
export async function readFully(
  file: FileHandle,
  { path, start, into }: { readonly path: string; readonly start: number; readonly into: Buffer },
): Promise<Buffer> {
  let done = 0;
  while (done < into.length) {
    const { bytesRead } = await file.read(into, done, into.length - done, start + done);
    if (bytesRead === 0) throw diskChanged(path, `it ends at byte ${start + done}`);
    done += bytesRead;
  }
  return into;
}
