import { type FileHandle, open } from 'node:fs/promises';
import type { SnapshotFiles } from '../ec2/snapshot-files.ts';
import { blockBytes } from '../ec2/snapshots/blocks.ts';

/** The files of snapshots, kept open while blocks come and go. */
export interface BlockFiles {
  /** All of a block. */
  write(snapshotId: string, index: number, data: Buffer): Promise<void>;
  /** All of a block; zeros where the file has none. */
  read(snapshotId: string, index: number): Promise<Buffer>;
  /** Makes the file as long as the volume, or copies what it needs into it. */
  prepare(snapshotId: string, sizeBytes: number): Promise<void>;
  forget(snapshotId: string): Promise<void>;
  close(): Promise<void>;
}

interface OpenFile {
  readonly file: Promise<FileHandle>;
  users: number;
  usedAt: number;
}

const idleMs = 5000;

export function openBlockFiles(files: SnapshotFiles): BlockFiles {
  const opened = new Map<string, OpenFile>();

  async function use<T>(snapshotId: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
    let entry = opened.get(snapshotId);
    if (!entry) {
      entry = { file: open(files.path(snapshotId), 'r+'), users: 0, usedAt: 0 };
      opened.set(snapshotId, entry);
    }
    entry.users += 1;
    try {
      return await work(await entry.file);
    } catch (error) {
      // Whatever went wrong, the next one opens it again.
      if (opened.get(snapshotId) === entry) opened.delete(snapshotId);
      throw error;
    } finally {
      entry.users -= 1;
      entry.usedAt = performance.now();
      if (entry.users === 0 && opened.get(snapshotId) !== entry) await closeEntry(entry);
    }
  }

  const timer = setInterval(() => {
    for (const [id, entry] of opened) {
      if (entry.users > 0 || performance.now() - entry.usedAt < idleMs) continue;
      opened.delete(id);
      void closeEntry(entry);
    }
  }, idleMs).unref();

  return {
    write: (snapshotId, index, data) =>
      use(snapshotId, async (file) => {
        for (let written = 0; written < data.length; ) {
          const { bytesWritten } = await file.write(
            data,
            written,
            data.length - written,
            index * blockBytes + written,
          );
          written += bytesWritten;
        }
      }),
    read: (snapshotId, index) =>
      use(snapshotId, async (file) => {
        const block = Buffer.allocUnsafe(blockBytes);
        const { bytesRead } = await file.read(block, 0, blockBytes, index * blockBytes);
        return block.fill(0, bytesRead);
      }),
    async prepare(snapshotId, sizeBytes) {
      const file = await open(files.path(snapshotId), 'a');
      try {
        await file.truncate(sizeBytes);
      } finally {
        await file.close();
      }
    },
    async forget(snapshotId) {
      const entry = opened.get(snapshotId);
      opened.delete(snapshotId);
      if (entry?.users === 0) await closeEntry(entry);
    },
    async close() {
      clearInterval(timer);
      await Promise.all([...opened.values()].map(closeEntry));
      opened.clear();
    },
  };
}

async function closeEntry({ file }: OpenFile): Promise<void> {
  const handle = await file.catch(() => undefined);
  await handle?.close();
}
