import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes a directory and those above it, where they are missing, for this user alone. Node's recursive `mkdir` never returns, nor heeds an
 * abort, where a file system refuses a directory with ENOENT although the one above it exists, as /proc does.
 *
 * @throws the system's error
 */
export async function makeDirectory(path: string): Promise<void> {
  const directory = resolve(path);
  try {
    await makeOne(directory);
  } catch (error) {
    const parent = dirname(directory);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === directory) throw error;
    await makeDirectory(parent);
    await makeOne(directory);
  }
}

/** Another run may make it at the same time. */
async function makeOne(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 });
  } catch (error) {
    if (!(await isDirectory(directory))) throw error;
  }
}

function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
