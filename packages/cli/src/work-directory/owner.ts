import { randomUUID } from 'node:crypto';
import { lstat, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { printable } from '@ec2-image/redact';
import { CliError } from '../errors/cli-error.ts';

/**
 * Checks that what is there already is this user's: somebody else could change it after it was proven. The work
 * directory itself, which may be a mounted volume, is not asked, but what is in it.
 *
 * @param paths files and directories, with what is directly in these; what is missing is passed over
 * @throws CliError `WORK_DIRECTORY_UNSAFE`
 */
export async function requireOwnFiles(workDirectory: string, paths: readonly string[]): Promise<void> {
  const uid = process.getuid?.();
  if (uid === undefined) return;
  const found = await Promise.all(paths.map(pathsAt));
  const foreign = found.flat().filter((one) => one.uid !== uid);
  if (foreign.length === 0) return;
  // A network file system may give its files to another user than the one who makes them.
  const made = await ownerOfNewFiles(workDirectory);
  const [first] = foreign.filter((one) => one.uid !== made);
  if (!first) return;
  const shown = printable(first.path, { maxLength: 400 });
  throw new CliError(
    'WORK_DIRECTORY_UNSAFE',
    `${shown} belongs to another user (uid ${first.uid}, not ${uid})`,
    {
      hint: 'Inspect it, then delete it or change its owner, or use a --work-dir of your own.',
      facts: { path: first.path, uid: first.uid },
    },
  );
}

interface Owned {
  readonly path: string;
  readonly uid: number;
}

async function pathsAt(path: string): Promise<Owned[]> {
  const own = await ownerOf(path);
  if (!own) return [];
  const names = await readdir(path).catch(() => []);
  const inside = await Promise.all(names.map((name) => ownerOf(join(path, name))));
  return [own, ...inside.filter((one) => one !== undefined)];
}

async function ownerOf(path: string): Promise<Owned | undefined> {
  try {
    return { path, uid: (await lstat(path)).uid };
  } catch {
    return undefined;
  }
}

async function ownerOfNewFiles(directory: string): Promise<number> {
  const path = join(directory, `.owner-${randomUUID()}`);
  try {
    await using file = await open(path, 'wx', 0o600);
    return (await file.stat()).uid;
  } finally {
    await rm(path, { force: true });
  }
}
