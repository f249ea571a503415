import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Where a file is written before it takes its name; in the same directory, so that the renaming is atomic. */
export function partialPath(path: string): string {
  return `${path}.partial`;
}

/**
 * Has `write` make the file under its partial name, then puts it in place. Whatever fails, nothing is left under either
 * name; a killed process leaves the partial one, which the next run replaces.
 *
 * @param options.sync false where the machine's own end (power, kernel) need not be survived: whoever uses the file proves its
 * content first. By default file and directory are synced.
 */
export async function writeIntoPlace<T>(
  path: string,
  write: (partial: string) => Promise<T>,
  { sync: mustLast = true }: { readonly sync?: boolean } = {},
): Promise<T> {
  const partial = partialPath(path);
  await rm(partial, { force: true });
  try {
    const result = await write(partial);
    if (mustLast) await sync(partial);
    await rename(partial, path);
    if (mustLast) await sync(dirname(path));
    return result;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
