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
  /** Why ec2-image must not remove it, as "a symbolic link"; undefined where ec2-image created it. */
  readonly foreign?: string;
}

export interface FindWorkFilesOptions {
  /** Holds one directory for each image. It need not exist. */
  readonly directory: string;
  /** Whether a run gives such a name; nothing is said of other entries. */
  readonly isOwnName: (name: string) => boolean;
  /** Why ec2-image did not create it, seen from its content. Rejects with ENOENT where it is gone. */
  readonly whyNotOurs: (path: string) => Promise<string | undefined>;
  /** Whether a run holds the lock of this name. */
  readonly isLocked: (name: string) => Promise<boolean>;
  readonly signal?: AbortSignal;
}

export interface RemoveWorkFilesOptions {
  readonly files: readonly WorkFiles[];
  readonly whyNotOurs: FindWorkFilesOptions['whyNotOurs'];
  /** Takes the lock of this name, at once or not at all, so that no run starts on what is being removed. */
  readonly tryLock: (name: string) => Promise<{ release(): void } | undefined>;
  readonly signal?: AbortSignal;
}

/** What has a name that ec2-image gives, created by it or not: the latter is for the report alone. */
export async function findWorkFiles({
  directory,
  isOwnName,
  whyNotOurs,
  isLocked,
  signal,
}: FindWorkFilesOptions): Promise<WorkFiles[]> {
  const found: WorkFiles[] = [];
  for (const name of (await entries(directory)).filter(isOwnName)) {
    signal?.throwIfAborted();
    const path = join(directory, name);
    const foreign = await whyNotOurs(path).catch(missing);
    if (foreign === isMissing) continue;
    found.push({
      name,
      path,
      sizeBytes: await diskUsage(path),
      live: await isLocked(name),
      ...(foreign !== undefined && { foreign }),
    });
  }
  return found;
}

/** Removes what ec2-image created and no run has locked; returns what it removed. */
export async function removeWorkFiles({
  files,
  whyNotOurs,
  tryLock,
  signal,
}: RemoveWorkFilesOptions): Promise<WorkFiles[]> {
  const removed: WorkFiles[] = [];
  for (const file of files) {
    signal?.throwIfAborted();
    if (file.live || file.foreign !== undefined) continue;
    const lock = await tryLock(file.name);
    if (!lock) continue;
    try {
      // Under the lock: something else may have taken its place since it was found.
      if ((await whyNotOurs(file.path).catch(missing)) !== undefined) continue;
      await rm(file.path, { recursive: true, force: true });
      removed.push(file);
    } finally {
      lock.release();
    }
  }
  return removed;
}

async function entries(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

const isMissing = Symbol('missing');

function missing(error: NodeJS.ErrnoException): typeof isMissing {
  if (error.code !== 'ENOENT') throw error;
  return isMissing;
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

/** A run that ends meanwhile removes its files. */
function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
