import { constants } from 'node:fs';
import { open, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileLock, makeDirectory, waitForLock } from '@ec2-image/file-lock';
import { type Digest, type DiskFormat, shortDigest } from '@ec2-image/provenance';
import { hasMarker, imageDirectoryName, isUnmarked, writeMarker } from './marker.ts';
import { requireOwnFiles } from './owner.ts';
import { takeTurn } from './turns.ts';
import { usingWorkDirectory } from './work-directory-error.ts';

/*
 * The work directory:
 *
 *   images/<algorithm>-<digest>/   the image as downloaded, and what was made of it; one directory a digest, with a
 *                                  marker in it that says whose it is
 *   locks/<algorithm>-<digest>     held by the run that works in that directory
 *   local-aws/                     the account of the embedded emulator
 */

/** Where the files of one image are. Names are the digest's: two runs of one image meet, runs of two never do. */
export interface ImageDirectory {
  readonly path: string;
  diskPath(format: DiskFormat): string;
  /**
   * Removes the image and the disk: the last thing a run does. In a directory without the marker, those alone. Where
   * another image of this run waits for the directory, it is left to that one, which reuses what is there.
   */
  remove(): Promise<void>;
  /** Lets the next run at it. */
  release(): void;
}

export const diskPathIn = (directory: string, format: DiskFormat) => join(directory, `disk.${format}`);

export const imagesDirectory = (workDirectory: string) => join(workDirectory, 'images');
export const locksDirectory = (workDirectory: string) => join(workDirectory, 'locks');
export const localAwsDirectory = (workDirectory: string) => join(workDirectory, 'local-aws');

/**
 * Waits until nobody else on this machine works on the image, then gives its directory. Two images of one run that have
 * the same digest take turns without `onWait`.
 *
 * @param options.onWait called where another run holds the directory
 * @param options.onTurn called where another image of this run holds it
 * @throws CliError `WORK_DIRECTORY_FULL`, `WORK_DIRECTORY_UNSAFE`, `WORK_DIRECTORY_UNUSABLE`
 */
export async function openImageDirectory({
  workDirectory,
  digest,
  signal,
  onWait,
  onTurn,
}: {
  readonly workDirectory: string;
  readonly digest: Digest;
  readonly signal?: AbortSignal;
  readonly onWait?: () => void;
  readonly onTurn?: () => void;
}): Promise<ImageDirectory> {
  const name = imageDirectoryName(digest);
  const path = join(imagesDirectory(workDirectory), name);
  const turn = await takeTurn(path, { signal, onTurn });
  let lock: FileLock | undefined;
  try {
    const held = await usingWorkDirectory(workDirectory, async () => {
      await makeDirectory(locksDirectory(workDirectory));
      const lockPath = join(locksDirectory(workDirectory), name);
      const images = imagesDirectory(workDirectory);
      await requireOwnFiles(workDirectory, [locksDirectory(workDirectory), images, path]);
      // The system says why a file cannot be made; SQLite does not.
      await makeLockFile(lockPath);
      lock = await waitForLock({ path: lockPath, signal, onWait });
      return { lock, ours: await makeImageDirectory(path, digest) };
    });
    return {
      path,
      diskPath: (format) => diskPathIn(path, format),
      async remove() {
        if (turn.isWaitedFor()) return;
        await (held.ours ? rm(path, { recursive: true, force: true }) : removeOwnFiles(path, digest));
      },
      release() {
        held.lock.release();
        turn.end();
      },
    };
  } catch (error) {
    lock?.release();
    turn.end();
    throw error;
  }
}

/** A link is left to what takes the lock, which refuses it. */
async function makeLockFile(path: string): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
  const file = await open(path, flags, 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ELOOP') throw error;
  });
  await file?.close();
}

/** Whether the directory is ours as a whole. One that somebody filled before us is used, and never marked. */
async function makeImageDirectory(path: string, digest: Digest): Promise<boolean> {
  await makeDirectory(path);
  if (await hasMarker(path)) return true;
  if (!(await isUnmarked(path, digest))) return false;
  await writeMarker(path, digest);
  return true;
}

/** The download begins with the digest, and all else that a run writes with one of these. */
async function removeOwnFiles(path: string, digest: Digest): Promise<void> {
  const own = [`${shortDigest(digest)}-`, 'disk.', 'blocks.journal'];
  for (const name of await readdir(path)) {
    if (own.some((start) => name.startsWith(start))) await rm(join(path, name), { force: true });
  }
  await rmdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
}
