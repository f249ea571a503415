import { mkdir, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { printable } from '@ec2-image/redact';
import { FetchError } from './errors.ts';
import { formatBytes } from './format-bytes.ts';

/** @throws FetchError `WORK_DIRECTORY_UNUSABLE`, `WORK_DIRECTORY_FULL` */
export async function ensureDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
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

/** What went wrong with a file of the work directory, explained. A FetchError and an abort come back as they are. */
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
    return fullError({ directory, neededBytes, freeBytes: await freeSpace(directory), cause });
  const message = `the work directory ${printable(directory, { maxLength: 400 })} cannot be used: ${printable(cause.message, { maxLength: 300 })}`;
  return new FetchError('WORK_DIRECTORY_UNUSABLE', message, {
    hint: 'Give a directory (--work-dir) that exists or can be made, and in which files can be written.',
    cause,
    facts: { directory, reason },
  });
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
  cause,
}: {
  readonly directory: string;
  readonly neededBytes: number | undefined;
  readonly freeBytes: number | undefined;
  readonly cause?: unknown;
}): FetchError {
  const facts = [
    neededBytes === undefined ? undefined : `${formatBytes(neededBytes)} still needed`,
    freeBytes === undefined ? undefined : `${formatBytes(freeBytes)} free`,
  ].filter((fact) => fact !== undefined);
  const detail = facts.length > 0 ? ` (${facts.join(', ')})` : '';
  return new FetchError(
    'WORK_DIRECTORY_FULL',
    `there is no room in the work directory ${printable(directory, { maxLength: 400 })}${detail}`,
    {
      hint: 'Free some space, or give another directory (--work-dir); what is already downloaded is kept and used.',
      cause,
      facts: { directory, neededBytes, freeBytes },
    },
  );
}
