import { existsSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { explainLockFailure, FileLockError } from './file-lock-error.ts';

export interface FileLock {
  readonly path: string;
  /** Safe to call again. The file stays: removing it would let two holders lock two different files of one name. */
  release(): void;
}

/**
 * Takes the lock, at once or not at all.
 *
 * The file is an empty SQLite database held in an exclusive transaction, which is to say under the operating
 * system's own record lock: a holder that is killed loses it at that moment, and nobody has to judge whether a
 * lock file is stale. Two locks in one process are mutually exclusive, as those of two processes are.
 *
 * @returns undefined where another run holds it
 * @throws FileLockError `WORK_DIRECTORY_FULL`, `WORK_DIRECTORY_READ_ONLY`, `WORK_DIRECTORY_UNSAFE`, `WORK_DIRECTORY_UNUSABLE`, `TOO_MANY_OPEN_FILES`
 */
export async function tryLock({ path }: { readonly path: string }): Promise<FileLock | undefined> {
  // Loaded when first needed: importing it prints an ExperimentalWarning on Node 22.
  const { DatabaseSync } = await import('node:sqlite');
  let database: InstanceType<typeof DatabaseSync> | undefined;
  try {
    await refuseLink(path);
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    if (error instanceof FileLockError) throw error;
    if ((error as { errcode?: number }).errcode === sqliteBusy) return undefined;
    throw await explainLockFailure(path, error);
  }
  const held = database;
  return {
    path,
    release() {
      if (held.isOpen) held.close();
    },
  };
}

/** SQLite would follow it, and make its target a database. */
async function refuseLink(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (!stats?.isSymbolicLink()) return;
  throw new FileLockError('WORK_DIRECTORY_UNSAFE', `the lock ${path} is a symbolic link`, {
    hint: 'Delete the link, if nobody needs it, or use another directory (--work-dir).',
    facts: { path },
  });
}

/** SQLITE_BUSY, https://www.sqlite.org/rescode.html */
const sqliteBusy = 5;

/**
 * Waits for the lock until it is free or `signal` aborts.
 *
 * @param options.onWait called once, where somebody else holds the lock
 */
export async function waitForLock({
  path,
  signal,
  onWait,
  retryMs = 200,
}: {
  readonly path: string;
  readonly signal?: AbortSignal;
  readonly onWait?: () => void;
  readonly retryMs?: number;
}): Promise<FileLock> {
  for (let waited = false; ; waited = true) {
    signal?.throwIfAborted();
    const lock = await tryLock({ path });
    if (lock) return lock;
    if (!waited) onWait?.();
    await delay(retryMs, undefined, { signal });
  }
}

/** Whether a live run holds the lock. A file that is not there is not locked. */
export async function isLocked({ path }: { readonly path: string }): Promise<boolean> {
  if (!existsSync(path)) return false;
  const lock = await tryLock({ path });
  lock?.release();
  return lock === undefined;
}
