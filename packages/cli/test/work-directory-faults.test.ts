import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { openAccount } from './support/account.ts';
import { publishImages } from './support/images.ts';
import { type ImportDocument, importArgs } from './support/import.ts';
import { cliCommand, runCli } from './support/run-cli.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

/** A file system of its own, and how the run ended that had it as its work directory. */
async function importInto(
  options: string,
  prepare?: (directory: string) => Promise<void>,
  flags: object = {},
) {
  await using images = await publishImages(['qcow2']);
  await using account = await openAccount();
  const mount = await temporaryDirectory('mount');
  await execa('mount', ['-t', 'tmpfs', '-o', options.replace(',ro', ''), 'tmpfs', mount]);
  try {
    await prepare?.(mount);
    if (options.endsWith(',ro')) await execa('mount', ['-o', 'remount,ro', mount]);
    const run = await runCli(
      importArgs({
        account,
        workDirectory: mount,
        url: images.url('qcow2'),
        'checksum-url': images.checksumUrl,
        ...flags,
      }),
    );
    const document = run.json<ImportDocument>();
    return { run, mount, error: document.error ?? document.images[0]?.error };
  } finally {
    await execa('umount', [mount]);
  }
}

describe('an unusable work directory is named, and not reported as a bug', () => {
  test('where the file system takes no directory, too', async () => {
    await using account = await openAccount();
    const url = 'https://example.org/x.raw';
    const run = await runCli(
      importArgs({ account, workDirectory: '/proc/ec2-image/work', url, sha256: 'a'.repeat(64) }),
    );
    expect(run.exitCode).toBe(1);
    expect(run.json<ImportDocument>().images[0]?.error?.code).toBe('WORK_DIRECTORY_UNUSABLE');
  });

  const fill = (directory: string) =>
    writeFile(join(directory, 'full'), Buffer.alloc(2 ** 20)).catch(() => {});

  test.each([
    ['without inodes', 'size=4m,nr_inodes=2', undefined, 'WORK_DIRECTORY_FULL'],
    ['without inodes under the lock', 'size=4m,nr_inodes=3', undefined, 'WORK_DIRECTORY_FULL'],
    ['full', 'size=64k', fill, 'WORK_DIRECTORY_FULL'],
    ['read-only', 'size=4m,ro', undefined, 'WORK_DIRECTORY_UNUSABLE'],
    [
      'read-only, with the directories of an earlier run',
      'size=4m,ro',
      async (directory: string) => {
        await mkdir(join(directory, 'locks'));
      },
      'WORK_DIRECTORY_UNUSABLE',
    ],
    [
      'with a file in its place',
      'size=4m',
      (directory: string) => writeFile(join(directory, 'locks'), ''),
      'WORK_DIRECTORY_UNUSABLE',
    ],
  ] as const)('%s', async (_, options, prepare, code) => {
    const { run, error, mount } = await importInto(options, prepare);
    expect(run.exitCode).toBe(1);
    expect(error, run.stderr).toMatchObject({ code, message: expect.stringContaining(mount) });
    expect(run.stderr).not.toMatch(/^ {4}at /m);
  });

  test('--local, whose account is kept there', async () => {
    const { error, mount } = await importInto('size=4m,ro', undefined, {
      'endpoint-url': undefined,
      local: true,
    });
    expect(error).toMatchObject({ code: 'WORK_DIRECTORY_UNUSABLE', message: expect.stringContaining(mount) });
  });
});

test('a result that cannot be written ends in a message, not in a stack trace', async () => {
  for (const args of [['explain', 'INTERNAL'], ['--help'], ['import', '--nonsense', '--json']]) {
    const { exitCode, stderr } = await execa(
      'sh',
      ['-c', 'exec "$@" > /dev/full', 'sh', ...cliCommand, ...args],
      { reject: false },
    );
    expect(exitCode).toBe(1);
    expect(stderr).toContain('error OUTPUT_FAILED: ');
    expect(stderr).not.toMatch(/^ {4}at /m);
  }
});
