import { rename, rm } from 'node:fs/promises';

/** Where a file is written before it takes its name; in the same directory, so that the renaming is atomic. */
export function partialPath(path: string): string {
  return `${path}.partial`;
}

/**
 * Has `write` make the file under its partial name, then puts it in place. Whatever fails, nothing is left under either
 * name; a killed process leaves the partial one, which the next run replaces. Nothing is flushed: no run believes a file
 * of another without proving its content, and to wait for the storage would cost a third of a conversion.
 */
export async function writeIntoPlace<T>(path: string, write: (partial: string) => Promise<T>): Promise<T> {
  const partial = partialPath(path);
  await rm(partial, { force: true });
  try {
    const result = await write(partial);
    await rename(partial, path);
    return result;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
