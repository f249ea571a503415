import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** What a run keeps for one image: its download, and the disk made of it. */
export interface WorkFiles {
  /** The directory's name; that of its lock, too. */
  readonly name: string;
  readonly path: string;
  /** As the file system counts it: holes cost nothing. */
  readonly sizeBytes: number;
  /** A run holds its lock. */
  readonly live: boolean;
}

export interface FindWorkFilesOptions {
  /** Holds one directory for each image. It need not exist. */
  readonly directory: string;
  /** Whether a run holds the lock of this name. */
  readonly isLocked: (name: string) => Promise<boolean>;
  readonly signal?: AbortSignal;
}

export interface RemoveWorkFilesOptions {
  readonly files: readonly WorkFiles[];
  /** Takes the lock of this name, at once or not at all, so that no run starts on what is being removed. */
  readonly tryLock: (name: string) => Promise<{ release(): void } | undefined>;
  readonly signal?: AbortSignal;
}

export async function findWorkFiles({
  directory,
  isLocked,
  signal,
}: FindWorkFilesOptions): Promise<WorkFiles[]> {
  const found: WorkFiles[] = [];
  for (const name of await subdirectories(directory)) {
    signal?.throwIfAborted();
    const path = join(directory, name);
    found.push({ name, path, sizeBytes: await diskUsage(path), live: await isLocked(name) });
  }
  return found;
}

/** Removes what is under nobody's lock; gives back what it removed. */
export async function removeWorkFiles({
  files,
  tryLock,
  signal,
}: RemoveWorkFilesOptions): Promise<WorkFiles[]> {
  const removed: WorkFiles[] = [];
  for (const file of files) {
    signal?.throwIfAborted();
    if (file.live) continue;
    const lock = await tryLock(file.name);
    if (!lock) continue;
    try {
      await rm(file.path, { recursive: true, force: true });
      removed.push(file);
    } finally {
      lock.release();
    }
  }
  return removed;
}

async function subdirectories(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** POSIX counts `st_blocks` in units of 512 bytes, whatever the file system's own block is. */
const blockBytes = 512;

async function diskUsage(path: string): Promise<number> {
  const stats = await lstat(path).catch(ignoreMissing);
  if (!stats) return 0;
  if (!stats.isDirectory()) return stats.blocks * blockBytes;
  const names = (await readdir(path).catch(ignoreMissing)) ?? [];
  const sizes = await Promise.all(names.map((name) => diskUsage(join(path, name))));
  return sizes.reduce((total, size) => total + size, 0);
}

/** A run that ends while it is looked at takes its files with it. */
function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
