import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileLock, waitForLock } from '@ec2-image/file-lock';
import { type Digest, type DiskFormat, digestAlgorithm, digestHex } from '@ec2-image/provenance';

/*
 * The work directory:
 *
 *   images/<algorithm>-<digest>/   the image as downloaded, and what was made of it; one directory a digest
 *   locks/<algorithm>-<digest>     held by the run that works in that directory
 *   local-aws/                     the account of the embedded stand-in
 */

/** Where the files of one image are. Names are the digest's: two runs of one image meet, runs of two never do. */
export interface ImageDirectory {
  readonly path: string;
  diskPath(format: DiskFormat): string;
  /** Removes the image and the disk: the last thing a run does. */
  remove(): Promise<void>;
  /** Lets the next run at it. */
  release(): void;
}

/** 32 hex digits name a digest as surely as all of them do, and leave room in a path for the image's own name. */
const nameDigits = 32;

export function imageDirectoryName(digest: Digest): string {
  return `${digestAlgorithm(digest)}-${digestHex(digest).slice(0, nameDigits)}`;
}

export const imagesDirectory = (workDirectory: string) => join(workDirectory, 'images');
export const locksDirectory = (workDirectory: string) => join(workDirectory, 'locks');
export const localAwsDirectory = (workDirectory: string) => join(workDirectory, 'local-aws');

/** Waits until no other run on this machine works on the image, then gives its directory. */
export async function openImageDirectory({
  workDirectory,
  digest,
  signal,
  onWait,
}: {
  readonly workDirectory: string;
  readonly digest: Digest;
  readonly signal?: AbortSignal;
  readonly onWait?: () => void;
}): Promise<ImageDirectory> {
  const name = imageDirectoryName(digest);
  const path = join(imagesDirectory(workDirectory), name);
  await mkdir(locksDirectory(workDirectory), { recursive: true });
  const lock: FileLock = await waitForLock({
    path: join(locksDirectory(workDirectory), name),
    signal,
    onWait,
  });
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    lock.release();
    throw error;
  }
  return {
    path,
    diskPath: (format) => join(path, `disk.${format}`),
    remove: () => rm(path, { recursive: true, force: true }),
    release: () => lock.release(),
  };
}
