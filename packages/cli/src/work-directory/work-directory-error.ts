import { statfs } from 'node:fs/promises';
import { isExplained } from '@ec2-image/explained-error';
import { printable } from '@ec2-image/redact';
import { CliError } from '../errors/cli-error.ts';

/**
 * Runs `work`, which makes or locks files of the work directory.
 *
 * @throws CliError `WORK_DIRECTORY_FULL` (blocks, inodes or quota), `WORK_DIRECTORY_UNUSABLE`; explained errors and aborts as they are
 */
export async function usingWorkDirectory<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isOfSystem(error) ? await workDirectoryError(directory, error) : error;
  }
}

interface SystemError extends Error {
  readonly code: string;
}

/** Of a system call, or of SQLite, which holds the locks. */
function isOfSystem(error: unknown): error is SystemError {
  if (!(error instanceof Error) || isExplained(error)) return false;
  const { code, syscall } = error as NodeJS.ErrnoException;
  return code === 'ERR_SQLITE_ERROR' || (code !== undefined && syscall !== undefined);
}

async function workDirectoryError(directory: string, cause: SystemError): Promise<CliError> {
  const shown = printable(directory, { maxLength: 400 });
  const facts = { directory, reason: cause.code };
  if (
    cause.code === 'ENOSPC' ||
    cause.code === 'EDQUOT' ||
    (cause.code === 'ERR_SQLITE_ERROR' && (await isFull(directory)))
  ) {
    return new CliError(
      'WORK_DIRECTORY_FULL',
      `no space or no inodes left in the work directory ${shown}: ${cause.message}`,
      { hint: 'Free some space there, or name another place with --work-dir.', cause, facts },
    );
  }
  return new CliError(
    'WORK_DIRECTORY_UNUSABLE',
    `cannot write to the work directory ${shown}: ${cause.message}`,
    {
      hint: 'Use a --work-dir that exists or can be created, and that this user can write to.',
      cause,
      facts,
    },
  );
}

/** SQLite does not say why it cannot write a file. */
async function isFull(directory: string): Promise<boolean> {
  const { bavail, files, ffree } = await statfs(directory).catch(() => ({ bavail: 1, files: 0, ffree: 0 }));
  // Some file systems have no fixed number of inodes: they report none at all.
  return bavail === 0 || (files > 0 && ffree === 0);
}
