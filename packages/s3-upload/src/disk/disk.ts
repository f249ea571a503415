import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Digest } from '@ec2-image/provenance';
import { S3UploadError } from '../errors.ts';
import type { ByteRange } from './part-plan.ts';

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
 * compared with the finished file before the upload is completed. A format whose file has its full size at once (raw)
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

/** A part's bytes with their CRC32, in memory that is given back with them. */
export interface MadePart {
  readonly buffer: SharedArrayBuffer;
  /** A view of it. */
  readonly bytes: Buffer;
  /** CRC32, in base64. */
  readonly checksum: string;
}

/**
 * A disk that is nowhere as a file: each read makes a part of it from the image, the same bytes each time and on every
 * machine.
 */
export interface MadeDisk {
  /** What it is made from, for messages. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Resolves once the range can be made without waiting for the image; undefined where all can. */
  ready?(range: ByteRange, options: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /** The same of a range that may be ready long before those in front of it; undefined of any other. */
  early?(range: ByteRange, options: { readonly signal?: AbortSignal | undefined }): Promise<void> | undefined;
  /** @param buffer at least as long as the range, for nobody else's use until the part is returned in it */
  make(
    range: ByteRange,
    options: { readonly buffer: SharedArrayBuffer; readonly signal?: AbortSignal },
  ): Promise<MadePart>;
}

/**
 * A disk that is nowhere as a file, and made of an image that comes as a stream: parts are asked for from the front, one at
 * least beside the {@link waitingParts}. The first one begins a new reading of the image, which gives the same bytes.
 */
export interface StreamedDisk {
  /** What it is made from, for messages. */
  readonly path: string;
  /** What it will not exceed, in bytes; the size of its parts is planned by it. */
  readonly maxSize: number;
  /** At its front, in bytes: what is only known at the end of the stream. */
  readonly headBytes: number;
  /** @returns what of the range the disk has; undefined where it ends before the range */
  make(
    range: ByteRange,
    options: { readonly buffer: SharedArrayBuffer; readonly signal?: AbortSignal },
  ): Promise<MadePart | undefined>;
}

export type UploadableDisk = FinishedDisk | GrowingDisk | MadeDisk | StreamedDisk;

export function isStreamed(disk: UploadableDisk): disk is StreamedDisk {
  return 'make' in disk && 'maxSize' in disk;
}

/** How many parts wait for the end of a stream: another one has to be under way, which takes what comes. */
export function waitingParts(disk: UploadableDisk, partSize: number): number {
  return isStreamed(disk) ? Math.ceil(disk.headBytes / partSize) : 0;
}

/** A disk that is, or will be, a file. */
export type FileDisk = FinishedDisk | GrowingDisk;

export function finishedDisk(disk: FileDisk): Promise<FinishedDisk> {
  return 'finished' in disk ? disk.finished : Promise.resolve(disk);
}

/** An upper bound of its size. */
export function greatestSize(disk: UploadableDisk): number {
  return 'maxSize' in disk ? disk.maxSize : disk.size;
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

/** What was made of an image twice, and each time otherwise. */
export function diskDiffers(path: string, partNumber: number): S3UploadError {
  return new S3UploadError(
    'DISK_DIFFERS',
    `part ${partNumber} of the disk made from ${path} differs from one time to the next`,
    {
      hint: 'Use --converter qemu-img; if it recurs, check the memory and the disk of this machine.',
      facts: { path, partNumber },
    },
  );
}

export function diskChanged(path: string, how: string): S3UploadError {
  return new S3UploadError('DISK_CHANGED', `${path} changed during the upload: ${how}`, {
    hint: 'Make sure nothing else writes to the file, then run the same command again.',
    facts: { path },
  });
}
