import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { type Account, startAccount } from '../account.ts';

/** Nothing of the account takes longer than its work. */
const atOnce = ['--snapshot-completion-ms', '0', '--image-creation-ms', '0'];

/** Runs this on an empty account and in an empty directory. */
export async function onEmpty<T>(
  {
    scratch,
    importSeconds = 0,
    args = [],
  }: {
    readonly scratch: string;
    /** What an import task takes at least. Default 0: its own work. */
    readonly importSeconds?: number;
    /** More arguments for the emulator. */
    readonly args?: readonly string[];
  },
  work: (account: Account, directory: string) => Promise<T>,
): Promise<T> {
  // What the one before has written is on the disk, and not written back beside this one.
  await execa('sync');
  const directory = await mkdtemp(join(scratch, 'import-'));
  try {
    await using account = await startAccount({
      directory: join(directory, 'account'),
      args: [...atOnce, '--import-seconds', String(importSeconds), ...args],
    });
    const workDirectory = join(directory, 'work');
    await mkdir(workDirectory);
    return await work(account, workDirectory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
