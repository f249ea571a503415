import { access, constants } from 'node:fs/promises';
import { delimiter, resolve } from 'node:path';

/** The absolute path of the first executable of that name on the PATH. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    // An empty entry would mean the current directory.
    if (directory === '') continue;
    const path = resolve(directory, name);
    const isExecutable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isExecutable) return path;
  }
  return undefined;
}
