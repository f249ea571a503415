import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeDirectory } from '@ec2-image/file-lock';
import { printable } from '@ec2-image/redact';
import { FetchError } from './errors.ts';
import { formatBytes } from './format-bytes.ts';
import { tooManyOpenFiles } from './open-files.ts';

/** @throws FetchError `WORK_DIRECTORY_UNUSABLE`, `WORK_DIRECTORY_FULL` */
export async function ensureDirectory(directory: string): Promise<void> {
  try {
    await makeDirectory(directory);
  } catch (cause) {
    throw await workDirectoryError({ cause, directory });
  }
}

/**
 * Refuses a download that cannot fit before its first byte is fetched.
 *
 * @throws FetchError `WORK_DIRECTORY_FULL`
 */
export async function ensureRoom({
  path,
  neededBytes,
}: {
  /** Of the file that is to grow. */
  readonly path: string;
  readonly neededBytes: number;
}): Promise<void> {
  const directory = dirname(path);
  const freeBytes = await freeSpace(directory);
  if (freeBytes !== undefined && neededBytes > freeBytes)
    throw fullError({ directory, neededBytes, freeBytes });
}

const fullCodes: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);
const readOnlyCodes: ReadonlySet<unknown> = new Set(['EROFS', 'EACCES', 'EPERM']);

/** An error of a file in the work directory, explained. A FetchError and an abort are returned unchanged. */
export async function workDirectoryError({
  cause,
  directory,
  neededBytes,
}: {
  readonly cause: unknown;
  readonly directory: string;
  /** What the file still lacks, where that is known. */
  readonly neededBytes?: number;
}): Promise<unknown> {
  if (cause instanceof FetchError || !(cause instanceof Error) || cause.name === 'AbortError') return cause;
  const reason = (cause as { code?: unknown }).code ?? cause.name;
  if (fullCodes.has(reason))
    return fullError({
      directory,
      neededBytes,
      freeBytes: await freeSpace(directory),
      lacksInodes: await lacksInodes(directory),
      cause,
    });
  const shown = printable(directory, { maxLength: 400 });
  const why = printable(cause.message, { maxLength: 300 });
  const lacksDescriptors = tooManyOpenFiles(cause, { purpose: `to use ${shown}`, facts: { directory } });
  if (lacksDescriptors) return lacksDescriptors;
  if (readOnlyCodes.has(reason))
    return new FetchError('WORK_DIRECTORY_READ_ONLY', `cannot write to the work directory ${shown}: ${why}`, {
      hint: 'Use a work directory (--work-dir) that you can write to.',
      cause,
      facts: { directory, reason },
    });
  const message = `the work directory ${shown} cannot be used: ${why}`;
  return new FetchError('WORK_DIRECTORY_UNUSABLE', message, {
    hint: 'Use a work directory (--work-dir) that exists or can be created, and that you can write to.',
    cause,
    facts: { directory, reason },
  });
}

/** A file system without inodes to count reports none in total. */
async function lacksInodes(directory: string): Promise<boolean> {
  try {
    const { files, ffree } = await statfs(directory);
    return files > 0 && ffree === 0;
  } catch {
    return false;
  }
}

async function freeSpace(directory: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    // Some network filesystems do not say; then the writes will tell.
    return undefined;
  }
}

function fullError({
  directory,
  neededBytes,
  freeBytes,
  lacksInodes = false,
  cause,
}: {
  readonly directory: string;
  readonly neededBytes: number | undefined;
  readonly freeBytes: number | undefined;
  readonly lacksInodes?: boolean;
  readonly cause?: unknown;
}): FetchError {
  const facts = [
    neededBytes === undefined ? undefined : `${formatBytes(neededBytes)} still needed`,
    freeBytes === undefined ? undefined : `${formatBytes(freeBytes)} free`,
  ].filter((fact) => fact !== undefined);
  const detail = facts.length > 0 ? ` (${facts.join(', ')})` : '';
  return new FetchError(
    'WORK_DIRECTORY_FULL',
    `${lacksInodes ? 'no inode left' : 'not enough space'} in the work directory ${printable(directory, { maxLength: 400 })}${detail}`,
    {
      hint: `${lacksInodes ? 'Delete some files' : 'Free some space'}, or use another directory (--work-dir); the next run resumes what is already downloaded.`,
      cause,
      facts: { directory, neededBytes, freeBytes },
    },
  );
}
