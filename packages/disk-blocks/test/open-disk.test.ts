import { randomBytes } from 'node:crypto';
import { mkdtemp, open, readdir, readFile, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  blockSizeBytes,
  type DiskImageFormat,
  diskBlocks,
  openDisk,
  streamBlocks,
} from '@ec2-image/disk-blocks';
import { execa } from 'execa';
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest';

const sizeBytes = 41 * blockSizeBytes + 4096;
let directory: string;
let raw: string;

/** Data at both ends, in the middle, and a block of written zeros. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'disk-blocks-'));
  raw = join(directory, 'disk.raw');
  const file = await open(raw, 'w');
  await file.write(randomBytes(3 * blockSizeBytes), 0, undefined, 0);
  await file.write(Buffer.alloc(blockSizeBytes), 0, undefined, 8 * blockSizeBytes);
  await file.write(randomBytes(1000), 0, undefined, 20 * blockSizeBytes + 77);
  await file.write(randomBytes(4096), 0, undefined, 41 * blockSizeBytes);
  await file.close();
  await truncate(raw, sizeBytes);
});

async function blocksOf(path: string, format: DiskImageFormat) {
  await using disk = await openDisk({ path, format });
  const blocks = new Map<number, Buffer>();
  for await (const { index, data } of diskBlocks({ disk })) blocks.set(index, data);
  return { sizeBytes: disk.sizeBytes, blocks };
}

test('a raw disk gives the blocks that are not zeros, the last one padded', async () => {
  const { blocks } = await blocksOf(raw, 'raw');
  const whole = Buffer.alloc(42 * blockSizeBytes);
  (await readFile(raw)).copy(whole);
  expect([...blocks.keys()]).toEqual([0, 1, 2, 20, 41]);
  for (const [index, data] of blocks) {
    expect(data.equals(whole.subarray(index * blockSizeBytes, (index + 1) * blockSizeBytes))).toBe(true);
  }
});

test.each([
  ['qcow2', 'qcow2', ['-c']],
  ['vmdk', 'vmdk', ['-o', 'subformat=streamOptimized']],
  ['vhdx', 'vhdx', []],
] as const)(
  'a %s gives the same blocks as the raw disk, without a copy of it',
  async (format, driver, options) => {
    const path = join(directory, `disk, with commas.${format}`);
    await execa('qemu-img', ['convert', '-f', 'raw', '-O', driver, ...options, raw, path]);
    const wanted = await blocksOf(raw, 'raw');
    const found = await blocksOf(path, format);
    expect([...found.blocks.keys()]).toEqual([...wanted.blocks.keys()]);
    for (const [index, data] of wanted.blocks) expect(found.blocks.get(index)?.equals(data)).toBe(true);
  },
);

test('a large disk with little in it costs little', async () => {
  const path = join(directory, 'large.qcow2');
  await execa('qemu-img', ['create', '-f', 'qcow2', path, '2T']);
  await using disk = await openDisk({ path, format: 'qcow2' });
  let blocks = 0;
  for await (const _ of diskBlocks({ disk })) blocks += 1;
  expect([disk.sizeBytes, blocks]).toEqual([2 * 1024 ** 4, 0]);
});

test('a stream of the raw bytes gives the same blocks, however it is cut', async () => {
  const { blocks: wanted } = await blocksOf(raw, 'raw');
  for (const step of [1000, 65_536, blockSizeBytes, 5_000_000]) {
    const whole = await readFile(raw);
    async function* pieces() {
      for (let at = 0; at < whole.length; at += step) yield whole.subarray(at, at + step);
    }
    let size = 0;
    const found = new Map<number, Buffer>();
    const source = streamBlocks(pieces(), {
      onSize: (bytes) => {
        size = bytes;
      },
    });
    for await (const { index, data } of source) found.set(index, data);
    expect(size).toBe(sizeBytes);
    expect([...found.keys()]).toEqual([...wanted.keys()]);
    for (const [index, data] of wanted) expect(found.get(index)?.equals(data)).toBe(true);
  }
});

test('an open disk has no name in the file system that a killed run would leave', async () => {
  const path = join(directory, 'named.qcow2');
  await execa('qemu-img', ['create', '-f', 'qcow2', path, '1M']);
  const temporary = await mkdtemp(join(directory, 'tmp-'));
  vi.stubEnv('TMPDIR', temporary);
  onTestFinished(() => void vi.unstubAllEnvs());
  await using disk = await openDisk({ path, format: 'qcow2' });
  expect(disk.sizeBytes).toBe(2 ** 20);
  const buffer = Buffer.alloc(512, 1);
  await disk.readInto(buffer, 0);
  expect(buffer.equals(Buffer.alloc(512))).toBe(true);
  expect(await readdir(temporary)).toEqual([]);
});

test('a file that is not an image is refused', async () => {
  await expect(openDisk({ path: raw, format: 'qcow2' })).rejects.toMatchObject({ code: 'QEMU_NBD_FAILED' });
});
