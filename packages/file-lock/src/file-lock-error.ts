import { access, constants, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ExplainedError } from '@ec2-image/explained-error';

/** The lock file cannot be created or opened; the cause has the system's errno as its `code`, where that could be found. */
export class FileLockError extends ExplainedError {
  override name = 'FileLockError';
}

/**
 * Why SQLite could not open the lock file at `path`, which SQLite itself does not tell.
 *
 * The lock file is never opened to find out: closing it would drop the locks that this process holds on it (fcntl(2)).
 */
export async function explainLockFailure(path: string, failure: unknown): Promise<FileLockError> {
  const directory = dirname(path);
  const cause = (await findCause(path)) ?? (failure as NodeJS.ErrnoException);
  const explained = (code: ConstructorParameters<typeof ExplainedError>[0], what: string, hint: string) =>
    new FileLockError(code, `cannot create the lock ${path}: ${what}`, {
      hint,
      cause,
      facts: { directory, reason: cause.code },
    });
  switch (cause.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return explained(
        'WORK_DIRECTORY_FULL',
        `no space or no inode left in ${directory}`,
        `Free some space or delete files in ${directory}, or use another directory (--work-dir).`,
      );
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return explained(
        'WORK_DIRECTORY_READ_ONLY',
        `no permission to write to ${directory} (${cause.code})`,
        'Use a directory (--work-dir) that you can write to.',
      );
    case 'EMFILE':
    case 'ENFILE':
      return explained(
        'TOO_MANY_OPEN_FILES',
        'too many open files',
        'Raise the limit (`ulimit -n 4096`), or import fewer images at a time.',
      );
    default:
      return explained(
        'WORK_DIRECTORY_UNUSABLE',
        cause.message,
        'Use a directory (--work-dir) that exists, and that you can write to.',
      );
  }
}

async function findCause(path: string): Promise<NodeJS.ErrnoException | undefined> {
  const probe = `${path}.probe-${process.pid}`;
  try {
    await using file = await open(probe, 'w');
    await file.writeFile('lock');
    // SQLite needs two descriptors at a time.
    await using _ = await open(probe);
    await rm(probe, { force: true });
  } catch (error) {
    await rm(probe, { force: true }).catch(() => {});
    return error as NodeJS.ErrnoException;
  }
  try {
    await access(path, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}
