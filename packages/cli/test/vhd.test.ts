import { createHash, randomBytes } from 'node:crypto';
import { copyFile, open, readFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { makeSampleDisk } from '@ec2-image/sample-image';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAccount, type TestAccount } from './support/account.ts';
import { areEqualDisks, type ImportDocument, importArgs, makeWorkDirectory } from './support/import.ts';
import { runInProcess, useOwnEnvironment } from './support/in-process.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';
import { makeVhd, type VhdOptions } from './support/vhd.ts';

let account: TestAccount;
let directory: string;
let gpt: string;
let mbr: string;

/** One with a GPT, whose backup is its last sector; one with an MBR, whose partition ends with it, in bytes that are not zeros. */
beforeAll(async () => {
  useOwnEnvironment();
  account = await openAccount();
  directory = await temporaryDirectory('vhd');
  [gpt, mbr] = [join(directory, 'gpt.raw'), join(directory, 'mbr.raw')];
  await makeSampleDisk({ path: gpt, sizeBytes: 32 * 2 ** 20, dataBytes: 2 ** 20 });
  const sizeBytes = 24 * 2 ** 20 + 512;
  await using file = await open(mbr, 'w');
  await file.truncate(sizeBytes);
  await execa('sfdisk', ['--quiet', mbr], { input: 'label: dos\nstart=2048, type=83\n' });
  await file.write(randomBytes(2 ** 20), 0, undefined, sizeBytes - 2 ** 20);
});

afterAll(() => account[Symbol.asyncDispose]());

async function importing(path: string, flags: Readonly<Record<string, unknown>>) {
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  const suffix = randomBytes(6).toString('hex');
  const end = await runInProcess(
    importArgs({ account, workDirectory: await makeWorkDirectory(), url: path, sha256, suffix, ...flags }),
  );
  return { ...end, result: end.json<ImportDocument>().images[0]! };
}

let made = 0;
async function vhd(options: Omit<VhdOptions, 'path'>) {
  const path = join(directory, `${made++}.vhd`);
  return { path, ...(await makeVhd({ ...options, path })) };
}

describe.each(['s3', 'ebs'])('a VHD becomes a snapshot of the whole disk by %s', (via) => {
  test.each([
    ['Azure, dynamic', 'wa\0\0', 'dynamic', () => gpt],
    ['Azure, fixed', 'wa\0\0', 'fixed', () => gpt],
    ['VirtualBox, dynamic', 'vbox', 'dynamic', () => mbr],
    ['VirtualBox, fixed', 'vbox', 'fixed', () => mbr],
    ['VMware, dynamic', 'VMW ', 'dynamic', () => mbr],
    ['Hyper-V, fixed', 'win ', 'fixed', () => gpt],
  ] as const)('made by %s', async (_, creator, subformat, disk) => {
    const { path, geometryBytes } = await vhd({ disk: disk(), creator, subformat });
    expect(geometryBytes).toBeLessThan((await stat(disk())).size);
    const { exitCode, result, stderr } = await importing(path, { via, verify: true });
    expect(exitCode, stderr).toBe(0);
    expect(await areEqualDisks(disk(), account.snapshotPath(result.snapshotId!))).toBe(true);
  });

  test.each(['vpc ', 'qemu'])(
    'one made by %j is as large as its geometry, and its partition has to be in it',
    async (creator) => {
      const { path, geometryBytes } = await vhd({ disk: mbr, creator, subformat: 'dynamic' });
      const sizeBytes = (await stat(mbr)).size;
      const message = `a partition ends at byte ${sizeBytes}, but the disk has ${geometryBytes} bytes`;
      const refused = await importing(path, { via });
      expect(refused.exitCode).toBe(1);
      expect(refused.result.error).toMatchObject({ code: 'PARTITION_BEYOND_DISK', message });

      const taken = await importing(path, { via, 'allow-unbootable': true });
      expect(taken.exitCode, taken.stderr).toBe(0);
      expect(taken.stderr).toContain(message);
      const kept = join(directory, 'kept.raw');
      await copyFile(mbr, kept);
      await truncate(kept, geometryBytes);
      expect(await areEqualDisks(kept, account.snapshotPath(taken.result.snapshotId!))).toBe(true);
    },
  );
});

test('written for EC2 as a VHD again, it keeps its size', async () => {
  const { path } = await vhd({ disk: mbr, creator: 'wa\0\0', subformat: 'dynamic' });
  const { exitCode, result, stderr } = await importing(path, { format: 'vhd' });
  expect(exitCode, stderr).toBe(0);
  expect(await areEqualDisks(mbr, account.snapshotPath(result.snapshotId!))).toBe(true);
});

test.each(['raw', 'qcow2'])(
  'a %s disk that has lost its end, though every partition is whole, is refused',
  async (format) => {
    const path = join(directory, `cut.${format}`);
    const sizeBytes = (await stat(gpt)).size - 512;
    await execa('qemu-img', ['convert', '-f', 'raw', '-O', format, gpt, path]);
    await execa('qemu-img', ['resize', '-q', '--shrink', '-f', format, path, `${sizeBytes}`]);
    const { exitCode, result } = await importing(path, {});
    expect(exitCode).toBe(1);
    expect(result.error).toMatchObject({
      code: 'PARTITION_BEYOND_DISK',
      message: `the GPT, with its backup, ends at byte ${sizeBytes + 512}, but the disk has ${sizeBytes} bytes`,
    });
  },
);
