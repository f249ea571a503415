import { type FileHandle, open } from 'node:fs/promises';
import { crc32Text } from '@ec2-image/checksum';
import { createRangeReader, type RangeReader } from '@ec2-image/disk-blocks';
import { diskChanged, diskUnreadable, type FileDisk, finishedDisk, type MadePart } from './disk.ts';
import type { ByteRange } from './part-plan.ts';

/** Reads a disk's file in worker threads, waiting for what is not written yet. */
export interface FileReader extends AsyncDisposable {
  /**
   * @param options.buffer at least as long as the range, for nobody else's use until the part is returned in it
   * @returns a shorter part where the finished disk ends inside it, undefined where it ends before
   */
  make(
    range: ByteRange,
    options: { readonly buffer: SharedArrayBuffer; readonly signal?: AbortSignal | undefined },
  ): Promise<MadePart | undefined>;
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
  let opening: Promise<OpenFile | undefined> | undefined;
  let closed = false;

  /** Once for all readers. Undefined while there is no such file. */
  async function file(path: string): Promise<OpenFile | undefined> {
    if (closed) throw new Error('the disk is closed');
    opening ??= openIfThere(path);
    const opened = await opening;
    if (!opened) opening = undefined;
    return opened;
  }

  /** `end`, or where the finished disk ends before it. */
  async function writtenUpTo(end: number): Promise<number> {
    for (;;) {
      if (failure) throw failure.reason;
      if (finishedSize !== undefined) return Math.min(finishedSize, end);
      // What was written last may still move: what follows being there says that the writer has moved on.
      const stats = await (await file(disk.path))?.handle.stat();
      if (stats && stats.size > end + writeLagBytes) return end;
      await Promise.race([sleep(growthPollMs), finished]);
    }
  }

  return {
    async make({ start, end }, { buffer, signal }) {
      const length = Math.max(0, (await writtenUpTo(end)) - start);
      if (length === 0) return undefined;
      // A file that was opened while it grew stays the same when it is renamed.
      const { path } = finishedSize === undefined ? disk : await finishedDisk(disk);
      const opened = await file(path);
      if (!opened) throw diskUnreadable(path);
      const { bytesRead, crc32 } = await opened.reader.read({ offset: start, length, buffer, signal });
      if (bytesRead < length) throw diskChanged(path, `it ends at byte ${start + bytesRead}`);
      return { buffer, bytes: Buffer.from(buffer, 0, length), checksum: crc32Text(crc32) };
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      await (await opening)?.reader[Symbol.asyncDispose]();
    },
  };
}

interface OpenFile {
  readonly handle: FileHandle;
  /** Closes it. */
  readonly reader: RangeReader;
}

async function openIfThere(path: string): Promise<OpenFile | undefined> {
  try {
    const handle = await open(path);
    return { handle, reader: createRangeReader({ file: handle, path }) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw diskUnreadable(path, error as NodeJS.ErrnoException);
  }
}
