import { statfs } from 'node:fs/promises';
import { workDirectoryFull } from './errors.ts';

/**
 * Refuses work that cannot end well, before it begins.
 *
 * @throws ConvertError `WORK_DIRECTORY_FULL`
 */
export async function requireFreeSpace(directory: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const freeBytes = bavail * bsize;
  if (freeBytes < neededBytes) throw workDirectoryFull({ directory, neededBytes, freeBytes });
}
