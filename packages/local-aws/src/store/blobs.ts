import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Database } from './database.ts';

/**
 * Bytes as files, each written once under a random name that nothing else will ever have.
 *
 * A file belongs to whoever's row names it. One that no row names is "loose", and says so in a table: while it is
 * being written, and from the moment its row is gone until it is unlinked. Both changes of hands happen in the
 * transaction that writes or deletes the row, so a process killed anywhere leaves no file that nobody knows of.
 */
export interface Blobs {
  create(): Promise<BlobWriter>;
  path(id: string): string;
  /** Inside the transaction that writes a row naming the blob. Throws if it was given up for lost meanwhile. */
  claim(id: string): void;
  /** Inside the transaction that removes the row; the file goes with the next `purge`. */
  release(id: string): void;
  /**
   * Unlinks what is loose and out of time, in the background: nobody need wait for it. Files being read in this
   * process stay until a later purge, after their readers have gone.
   */
  purge(): void;
  /** When what was to be purged is. */
  idle(): Promise<void>;
  /** Keeps the files from being unlinked until the returned function is called; what was let go meanwhile is purged then. */
  hold(ids: readonly string[]): () => void;
}

export interface BlobWriter {
  readonly id: string;
  readonly file: FileHandle;
  /** All is written; the file is closed, and on disk where the store promises that. */
  finish(): Promise<void>;
  /** Gives up: closes and unlinks. Does nothing after `finish` and `claim`. */
  discard(): Promise<void>;
}

// No single request body takes longer to arrive: 5 GiB at 1.4 MiB/s.
const writingMs = 60 * 60 * 1000;

export function openBlobs({
  database,
  directory,
  fsync,
}: {
  database: Database;
  directory: string;
  fsync: boolean;
}): Blobs {
  database.migrate('blobs', [
    'CREATE TABLE loose_blob (id TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) WITHOUT ROWID;' +
      'CREATE INDEX loose_blob_by_expiry ON loose_blob (expires_at)',
  ]);
  const readers = new Map<string, number>();
  let purging = Promise.resolve();
  const path = (id: string) => join(directory, id.slice(0, 2), id);

  function loosen(id: string, expiresAt: number): void {
    database.run('INSERT OR REPLACE INTO loose_blob (id, expires_at) VALUES (?, ?)', [id, expiresAt]);
  }

  const blobs: Blobs = {
    path,
    async create() {
      const id = randomBytes(16).toString('hex');
      loosen(id, Date.now() + writingMs);
      const file = await createFile(path(id));
      return blobWriter({ id, file, fsync, discard: () => unlinkLoose(id) });
    },
    claim(id) {
      // The same clock as `purge` goes by: what another process may be unlinking this moment cannot be claimed.
      if (database.run('DELETE FROM loose_blob WHERE id = ? AND expires_at > ?', [id, Date.now()]) === 0) {
        throw new Error(`The file ${id} took over an hour to write and was given up.`);
      }
    },
    release(id) {
      loosen(id, Date.now());
    },
    purge() {
      // What cannot be unlinked now stays in the table, and is tried again by the next purge.
      purging = purging.then(purgeExpired).catch(() => {});
    },
    idle: () => purging,
    hold(ids) {
      for (const id of ids) readers.set(id, (readers.get(id) ?? 0) + 1);
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        for (const id of ids) {
          const left = (readers.get(id) ?? 1) - 1;
          if (left > 0) readers.set(id, left);
          else readers.delete(id);
        }
        blobs.purge();
      };
    },
  };

  async function purgeExpired(): Promise<void> {
    const expired = database.all<{ id: string }>('SELECT id FROM loose_blob WHERE expires_at <= ?', [
      Date.now(),
    ]);
    for (const { id } of expired) if (!readers.has(id)) await unlinkLoose(id);
  }

  /** The file first: a row without its file does no harm, a file without its row would stay for ever. */
  async function unlinkLoose(id: string): Promise<void> {
    await rm(path(id), { force: true });
    database.run('DELETE FROM loose_blob WHERE id = ?', [id]);
  }

  return blobs;
}

/** In one of 256 directories, the first one in each making it. */
async function createFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await mkdir(dirname(path), { recursive: true });
    return open(path, 'wx');
  }
}

function blobWriter({
  id,
  file,
  fsync,
  discard,
}: {
  id: string;
  file: FileHandle;
  fsync: boolean;
  discard: () => Promise<void>;
}): BlobWriter {
  let open = true;
  async function close(): Promise<void> {
    if (!open) return;
    open = false;
    await file.close();
  }
  return {
    id,
    file,
    async finish() {
      if (fsync) await file.datasync();
      await close();
    },
    async discard() {
      await close();
      await discard();
    },
  };
}
