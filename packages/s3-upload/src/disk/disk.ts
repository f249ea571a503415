import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Digest } from '@ec2-image/provenance';
import { S3UploadError } from '../errors.ts';

/** A disk that is complete. */
export interface FinishedDisk {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** The published digest of the file itself, where it has one: of what is sent, or the upload is not completed. */
  readonly digest?: Digest;
}

/**
 * A disk that is still being written, front to back: its parts are sent as the file grows past them, and every one is
 * proven against the finished file before the upload is completed. A format whose file has its full size at once (raw)
 * gains nothing by this.
 */
export interface GrowingDisk {
  /** Where it is being written. */
  readonly path: string;
  /** What it will not exceed, in bytes; the size of its parts is planned by it. */
  readonly maxSize: number;
  /** How far before the end of the file bytes may still be missing: a part is sent when the file has grown past it by so much. Default 0. */
  readonly writeLagBytes?: number;
  /** Resolves with where the disk is in the end, and its size. Rejects where there will be none; the upload ends with the same error. */
  readonly finished: Promise<FinishedDisk>;
}

export type UploadableDisk = FinishedDisk | GrowingDisk;

export function finishedDisk(disk: UploadableDisk): Promise<FinishedDisk> {
  return 'finished' in disk ? disk.finished : Promise.resolve(disk);
}

/** An upper bound of its size. */
export function greatestSize(disk: UploadableDisk): number {
  return 'finished' in disk ? disk.maxSize : disk.size;
}

/**
 * @throws S3UploadError `EMPTY_DISK`, `DISK_CHANGED` where the file has not the size that it was said to have
 */
export async function checkFinished({ path, size }: FinishedDisk): Promise<void> {
  await using file = await openDiskFile(path);
  const actual = (await file.stat()).size;
  if (actual !== size) throw diskChanged(path, `it has ${actual} bytes instead of ${size}`);
  if (size === 0) {
    throw new S3UploadError('EMPTY_DISK', `${path} is empty`, {
      hint: 'Convert the image again.',
      facts: { path },
    });
  }
}

/**
 * Opens the file of a disk that should be there.
 *
 * @throws S3UploadError `DISK_UNREADABLE`, `TOO_MANY_OPEN_FILES`
 */
export async function openDiskFile(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (error) {
    throw diskUnreadable(path, error as NodeJS.ErrnoException);
  }
}

export function diskUnreadable(path: string, cause?: NodeJS.ErrnoException): S3UploadError {
  const errno = cause?.code ?? 'ENOENT';
  if (errno === 'EMFILE' || errno === 'ENFILE') {
    return new S3UploadError('TOO_MANY_OPEN_FILES', `cannot open ${path}: too many open files`, {
      hint: 'Raise the limit (`ulimit -n 4096`), or import fewer images at a time; then run the same command again.',
      cause,
      facts: { path },
    });
  }
  const directory = dirname(path);
  const why = errno === 'ENOENT' ? 'the file was deleted' : (cause?.message ?? errno);
  return new S3UploadError('DISK_UNREADABLE', `cannot read the disk ${path}: ${why}`, {
    hint: `Make sure nothing else deletes or protects files in ${directory}, then run the same command again.`,
    cause,
    facts: { path, directory },
  });
}

export function diskChanged(path: string, how: string): S3UploadError {
  return new S3UploadError('DISK_CHANGED', `${path} changed during the upload: ${how}`, {
    hint: 'Make sure nothing else writes to the file, then run the same command again.',
    facts: { path },
  });
}
