import { createHash, randomBytes } from 'node:crypto';
import { copyFile, open, readFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { makeSampleDisk } from '@ec2-image/sample-image';
import { execa } from 'execa';
import { describe, expect, testWith } from './support/fixtures.ts';
import { areEqualDisks, type Flags, type ImportDocument, importArgs } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';
import { sampleOf, sampleSeed } from './support/sample.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';
import { makeVhd, type VhdOptions } from './support/vhd.ts';

const test = testWith()
  /** One with a GPT, whose backup is its last sector; one with an MBR, whose partition ends with it, in bytes that are not zeros. */
  .extend('disks', { scope: 'file' }, async () => {
    const directory = await temporaryDirectory('vhd');
    const disks = { directory, gpt: join(directory, 'gpt.raw'), mbr: join(directory, 'mbr.raw') };
    await makeSampleDisk({ path: disks.gpt, sizeBytes: 32 * 2 ** 20, dataBytes: 2 ** 20 });
    const sizeBytes = 24 * 2 ** 20 + 512;
    await using file = await open(disks.mbr, 'w');
    await file.truncate(sizeBytes);
    await execa('sfdisk', ['--quiet', disks.mbr], { input: 'label: dos\nstart=2048, type=83\n' });
    await file.write(randomBytes(2 ** 20), 0, undefined, sizeBytes - 2 ** 20);
    return disks;
  })
  .extend('vhd', ({ workDirectory }) => async (options: Omit<VhdOptions, 'path'>) => {
    const path = join(workDirectory, 'disk.vhd');
    return { path, ...(await makeVhd({ ...options, path })) };
  })
  .extend('importing', ({ account, workDirectory }) => async (path: string, flags: Flags) => {
    const sha256 = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    const end = await runInProcess(importArgs({ account, workDirectory, url: path, sha256, ...flags }));
    return { ...end, result: end.json<ImportDocument>().images[0]! };
  });

/** Who writes which footer, as which kind of file, of which disk. */
const creators = [
  ['Azure, dynamic', 'wa\0\0', 'dynamic', 'gpt'],
  ['Azure, fixed', 'wa\0\0', 'fixed', 'gpt'],
  ['VirtualBox, dynamic', 'vbox', 'dynamic', 'mbr'],
  ['VirtualBox, fixed', 'vbox', 'fixed', 'mbr'],
  ['VMware, dynamic', 'VMW ', 'dynamic', 'mbr'],
  ['Hyper-V, fixed', 'win ', 'fixed', 'gpt'],
] as const;

describe.each(['s3', 'ebs'])('a VHD becomes a snapshot of the whole disk by %s', (via) => {
  const way = { via, 'omit-holes': via === 'ebs' || undefined };
  test.for(sampleOf(creators, 2))(
    `made by %s (EC2_IMAGE_SEED=${sampleSeed})`,
    async ([_, creator, subformat, name], { account, disks, vhd, importing }) => {
      const disk = disks[name];
      const { path, geometryBytes } = await vhd({ disk, creator, subformat });
      expect(geometryBytes).toBeLessThan((await stat(disk)).size);
      const { exitCode, result, stderr } = await importing(path, { ...way, verify: true });
      expect(exitCode, stderr).toBe(0);
      expect(await areEqualDisks(disk, account.snapshotPath(result.snapshotId!))).toBe(true);
    },
  );

  test.for(sampleOf(['vpc ', 'qemu'], 1))(
    'one made by %j is as large as its geometry, and its partition has to be in it',
    async (creator, { account, disks, vhd, importing }) => {
      const { path, geometryBytes } = await vhd({ disk: disks.mbr, creator, subformat: 'dynamic' });
      const sizeBytes = (await stat(disks.mbr)).size;
      const message = `a partition ends at byte ${sizeBytes}, but the disk has ${geometryBytes} bytes`;
      const refused = await importing(path, { ...way });
      expect(refused.exitCode).toBe(1);
      expect(refused.result.error).toMatchObject({ code: 'PARTITION_BEYOND_DISK', message });

      const taken = await importing(path, { ...way, 'allow-unbootable': true });
      expect(taken.exitCode, taken.stderr).toBe(0);
      expect(taken.stderr).toContain(message);
      const kept = join(disks.directory, 'kept.raw');
      await copyFile(disks.mbr, kept);
      await truncate(kept, geometryBytes);
      expect(await areEqualDisks(kept, account.snapshotPath(taken.result.snapshotId!))).toBe(true);
    },
  );
});

test('written for EC2 as a VHD again, it keeps its size', async ({ account, disks, vhd, importing }) => {
  const { path } = await vhd({ disk: disks.mbr, creator: 'wa\0\0', subformat: 'dynamic' });
  const { exitCode, result, stderr } = await importing(path, { format: 'vhd' });
  expect(exitCode, stderr).toBe(0);
  expect(await areEqualDisks(disks.mbr, account.snapshotPath(result.snapshotId!))).toBe(true);
});

test.for(['raw', 'qcow2'])(
  'a %s disk that has lost its end, though every partition is whole, is refused',
  async (format, { disks, importing }) => {
    const path = join(disks.directory, `cut.${format}`);
    const sizeBytes = (await stat(disks.gpt)).size - 512;
    await execa('qemu-img', ['convert', '-f', 'raw', '-O', format, disks.gpt, path]);
    await execa('qemu-img', ['resize', '-q', '--shrink', '-f', format, path, `${sizeBytes}`]);
    const { exitCode, result } = await importing(path, {});
    expect(exitCode).toBe(1);
    expect(result.error).toMatchObject({
      code: 'PARTITION_BEYOND_DISK',
      message: `the GPT, with its backup, ends at byte ${sizeBytes + 512}, but the disk has ${sizeBytes} bytes`,
    });
  },
);
