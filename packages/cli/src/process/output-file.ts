import { access, constants, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError, UsageError } from '../errors/cli-error.ts';

/**
 * Before anything is done for what is to be written there.
 *
 * @throws UsageError `OUTPUT_FILE`
 */
export async function checkOutputFile(path: string, option: string): Promise<void> {
  try {
    const found = await stat(path).catch(absent);
    if (found?.isDirectory()) throw new Error('it is a directory');
    // What is not a file, such as /dev/stdout, is written to; a file is replaced.
    if (found && !found.isFile()) await access(path, constants.W_OK);
    else await access(dirname(found ? await realpath(path) : path), constants.W_OK);
  } catch (cause) {
    throw new UsageError('OUTPUT_FILE', `cannot write ${path}: ${(cause as Error).message}`, {
      hint: `Name another ${option}, in a directory that exists.`,
      cause,
    });
  }
}

/**
 * Writes a file whole or not at all: nobody reads half of it.
 *
 * @throws CliError `OUTPUT_FAILED`
 */
export async function writeOutputFile(path: string, pieces: Iterable<string>): Promise<void> {
  try {
    const found = await stat(path).catch(absent);
    if (found && !found.isFile()) {
      await writeTo(path, pieces);
      return;
    }
    const target = found ? await realpath(path) : path;
    const unfinished = `${target}.${process.pid}.tmp`;
    try {
      await writeTo(unfinished, pieces);
      await rename(unfinished, target);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  } catch (cause) {
    throw new CliError('OUTPUT_FAILED', `cannot write ${path}: ${(cause as Error).message}`, {
      hint: 'Only this file is lost; what the run did remains. Free some space or name another file, then run the same command again.',
      cause,
      facts: { path },
    });
  }
}

async function writeTo(path: string, pieces: Iterable<string>): Promise<void> {
  await using file = await open(path, 'w', 0o644);
  await file.writeFile(pieces);
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
