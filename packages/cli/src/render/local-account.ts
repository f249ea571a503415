import { lstat, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { quote } from '../command-line.ts';
import { localAwsDirectory } from '../work-directory/image-directory.ts';
import { formatBytes } from './format.ts';

/** What the emulator's account takes on disk, and how to remove it. Undefined where there is none. */
export function describeLocalAccount(workDirectory: string): Promise<string | undefined> {
  return describeKept("The emulator's account occupies", [localAwsDirectory(workDirectory)]);
}

/** `what` begins the sentence: "Its files occupy". Undefined where none of the directories exists. */
export async function describeKept(
  what: string,
  directories: readonly string[],
): Promise<string | undefined> {
  const sizes = await Promise.all(directories.map(occupiedBytes));
  const kept = directories.filter((_, index) => sizes[index] !== undefined).map(nearby);
  if (kept.length === 0) return undefined;
  const total = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  return `${what} ${formatBytes(total)} in ${kept.join(' and ')}. To remove: rm -r ${kept.map(quote).join(' ')}`;
}

const blockBytes = 512;

/** Disks are sparse: what counts is the blocks that they occupy. */
async function occupiedBytes(directory: string): Promise<number | undefined> {
  const names = await readdir(directory, { recursive: true }).catch(() => undefined);
  if (!names) return undefined;
  let total = 0;
  for (const name of names) {
    // A file may be deleted while the others are counted.
    const stats = await lstat(join(directory, name)).catch(() => undefined);
    total += (stats?.blocks ?? 0) * blockBytes;
  }
  return total;
}

function nearby(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}
