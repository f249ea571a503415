import { isExplained } from '@ec2-image/explained-error';
import { printable } from '@ec2-image/redact';
import { CliError } from './errors.ts';

/** SQLITE_FULL; SQLite says so, and not the system's code. */
const sqliteFull = 13;

/**
 * Runs `work`, which makes or locks files of the work directory.
 *
 * @throws CliError `WORK_DIRECTORY_FULL` (blocks, inodes or quota), `WORK_DIRECTORY_UNUSABLE`; explained errors and aborts as they are
 */
export async function usingWorkDirectory<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isOfSystem(error) ? workDirectoryError(directory, error) : error;
  }
}

interface SystemError extends Error {
  readonly code: string;
  readonly errcode?: number;
}

/** Of a system call, or of SQLite, which holds the locks. */
function isOfSystem(error: unknown): error is SystemError {
  if (!(error instanceof Error) || isExplained(error)) return false;
  const { code, syscall } = error as NodeJS.ErrnoException;
  return code === 'ERR_SQLITE_ERROR' || (code !== undefined && syscall !== undefined);
}

function workDirectoryError(directory: string, cause: SystemError): CliError {
  const shown = printable(directory, { maxLength: 400 });
  const facts = { directory, reason: cause.code };
  if (cause.code === 'ENOSPC' || cause.code === 'EDQUOT' || cause.errcode === sqliteFull) {
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
