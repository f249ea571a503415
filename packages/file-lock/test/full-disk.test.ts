import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileLockError, isLocked, tryLock } from '@ec2-image/file-lock';
import { describe, expect, onTestFinished, test } from 'vitest';

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'file-lock-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

/** A tmpfs with these options, where this machine lets us mount one. */
async function mounted(options: string): Promise<string | undefined> {
  const directory = await temporaryDirectory();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  onTestFinished(() => void execFileSync('umount', [directory]));
  return directory;
}

describe('a lock that cannot be taken names the directory and the reason', () => {
  test.for([
    ['size=1m,nr_inodes=2', 'WORK_DIRECTORY_FULL', 'no space or no inode left in'],
    ['size=1m,ro', 'WORK_DIRECTORY_READ_ONLY', 'no permission to write to'],
  ] as const)('on a file system mounted with %s', async ([options, code, message], context) => {
    const directory = (await mounted(options)) ?? context.skip('no right to mount a file system');
    if (options.includes('nr_inodes')) await writeFile(join(directory, 'last'), '');
    const failure = await tryLock({ path: join(directory, 'lock') }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(FileLockError);
    expect(failure).toMatchObject({ code, directory, message: expect.stringContaining(message) });
    expect((failure as FileLockError).message).toContain(directory);
  });

  test('where the directory is missing', async () => {
    const directory = join(await temporaryDirectory(), 'missing');
    await expect(tryLock({ path: join(directory, 'lock') })).rejects.toMatchObject({
      code: 'WORK_DIRECTORY_UNUSABLE',
      directory,
      message: expect.stringContaining('ENOENT'),
    });
  });
});

test('to find the reason out does not drop a lock that this process holds', async () => {
  const directory = await temporaryDirectory();
  const path = join(directory, 'lock');
  const lock = await tryLock({ path });
  await expect(tryLock({ path: directory })).rejects.toMatchObject({ code: 'WORK_DIRECTORY_UNUSABLE' });
  expect(await isLocked({ path })).toBe(true);
  lock?.release();
});
