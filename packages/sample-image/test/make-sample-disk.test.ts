import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeSampleDisk } from '@ec2-image/sample-image';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { mebibyte, scratchDirectory } from './scratch.ts';

const tools = execa({ env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin`, LC_ALL: 'C' } });

describe('a disk of 64 MiB', () => {
  test('has a partition table that sfdisk finds no fault with', async () => {
    const path = join(await scratchDirectory(), 'disk.raw');
    const { partitions } = await makeSampleDisk({ path, sizeBytes: 64 * mebibyte });

    const { stdout: verdict } = await tools('sfdisk', ['--verify', path]);
    expect(verdict).toContain('No errors detected');
    const { partitiontable: table } = JSON.parse((await tools('sfdisk', ['--json', path])).stdout);
    expect(table.label).toBe('gpt');
    expect(
      table.partitions.map(({ name, type, start, size }: Record<string, string | number>) => ({
        name,
        type,
        start,
        size,
      })),
    ).toEqual(
      partitions.map(({ name, type, startBytes, sizeBytes }) => ({
        name,
        type,
        start: startBytes / 512,
        size: sizeBytes / 512,
      })),
    );
  });

  test('holds a clean ext4 filesystem with the files in it', async () => {
    const path = join(await scratchDirectory(), 'disk.raw');
    const files = { 'home/a user/note.txt': 'as given\n' };
    const { partitions } = await makeSampleDisk({ path, sizeBytes: 64 * mebibyte, label: 'root-fs', files });
    const filesystem = `${path}?offset=${partitions.at(-1)!.startBytes}`;

    const { stdout: checked } = await tools('e2fsck', ['-f', '-n', filesystem]);
    expect(checked).toMatch(/^root-fs: \d+\/\d+ files/m);
    const note = await tools('debugfs', ['-R', 'cat "/home/a user/note.txt"', filesystem], {
      stripFinalNewline: false,
    });
    expect(note.stdout).toBe('as given\n');
    const link = await tools('debugfs', ['-R', 'stat /etc/os-release', filesystem]);
    expect(link.stdout).toContain('../usr/lib/os-release');
    const owner = await tools('debugfs', ['-R', 'stat /usr/lib/os-release', filesystem]);
    expect(owner.stdout).toMatch(/User:\s+0\s+Group:\s+0/);
    expect(owner.stdout).toMatch(/ctime: .*2026/);
  });

  test('is sparse, holds about the data asked for, and leaves nothing beside it', async () => {
    const directory = await scratchDirectory();
    const path = join(directory, 'disk.raw');
    await makeSampleDisk({ path, sizeBytes: 64 * mebibyte, dataBytes: 10 * mebibyte });

    const { size, blocks } = await stat(path);
    expect(size).toBe(64 * mebibyte);
    expect(blocks * 512).toBeGreaterThan(10 * mebibyte);
    expect(blocks * 512).toBeLessThan(16 * mebibyte);
    expect(await readdir(directory)).toEqual(['disk.raw']);
  });

  test('compresses neither to nothing nor not at all', async () => {
    const path = join(await scratchDirectory(), 'disk.raw');
    await makeSampleDisk({ path, sizeBytes: 64 * mebibyte, dataBytes: 10 * mebibyte });

    const { stdout } = await tools('xz', ['-T0', '-0', '--stdout', path], { encoding: 'buffer' });
    expect(stdout.length / (10 * mebibyte)).toBeGreaterThan(0.4);
    expect(stdout.length / (10 * mebibyte)).toBeLessThan(0.8);
  });
});

test('the same seed gives the same bytes, another seed others', async () => {
  const directory = await scratchDirectory();
  const make = async (name: string, seed: number) => {
    const { path } = await makeSampleDisk({ path: join(directory, name), sizeBytes: 16 * mebibyte, seed });
    return readFile(path);
  };
  const first = await make('first', 7);
  expect(first.equals(await make('second', 7))).toBe(true);
  expect(first.equals(await make('third', 8))).toBe(false);
});

test.each([0, 512, 8 * mebibyte + 1, Number.NaN])('a disk of %d bytes is refused', async (sizeBytes) => {
  const directory = await scratchDirectory();
  await expect(makeSampleDisk({ path: join(directory, 'disk.raw'), sizeBytes })).rejects.toMatchObject({
    code: 'INVALID_DISK_SIZE',
    sizeBytes,
  });
  expect(await readdir(directory)).toEqual([]);
});

test.each(['/etc/passwd', '../outside', 'a//b', 'a"b', 'a\nb'])(
  'a file named %j is refused',
  async (name) => {
    const directory = await scratchDirectory();
    const disk = makeSampleDisk({
      path: join(directory, 'disk.raw'),
      sizeBytes: 8 * mebibyte,
      files: { [name]: '' },
    });
    await expect(disk).rejects.toMatchObject({ code: 'INVALID_FILE_NAME', path: name });
    expect(await readdir(directory)).toEqual([]);
  },
);

test('more data than fits fails with what mke2fs says, and keeps the disk that was there', async () => {
  const directory = await scratchDirectory();
  const path = join(directory, 'disk.raw');
  await writeFile(path, 'earlier');
  const disk = makeSampleDisk({ path, sizeBytes: 16 * mebibyte, dataBytes: 20 * mebibyte });
  await expect(disk).rejects.toMatchObject({ code: 'TOOL_FAILED', tool: 'mke2fs' });
  expect(await readdir(directory)).toEqual(['disk.raw']);
  expect(await readFile(path, 'utf8')).toBe('earlier');
});

test('an abort comes back as the reason, and leaves nothing', async () => {
  const directory = await scratchDirectory();
  const reason = new Error('enough');
  const signal = AbortSignal.abort(reason);
  await expect(makeSampleDisk({ path: join(directory, 'disk.raw'), signal })).rejects.toBe(reason);
  expect(await readdir(directory)).toEqual([]);
});
