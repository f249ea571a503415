import { randomBytes } from 'node:crypto';
import { mkdtemp, open, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BlockRange,
  blockSizeBytes,
  blocksWithin,
  type DiskImageFormat,
  diskBlocks,
  findUnreadable,
  openDisk,
  streamBlocks,
} from '@ec2-image/disk-blocks';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';

const sizeBytes = 41 * blockSizeBytes + 4096;
let directory: string;
let raw: string;

afterAll(() => rm(directory, { recursive: true }));

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

/** Data, zeros that were written, and the rest never. */
async function sparseImage(driver: string): Promise<string> {
  const path = join(directory, `holes.${driver}`);
  await execa('qemu-img', ['create', '-f', driver, path, '8M']);
  // The last is kept as a mark in the block map of a qcow2, as a hole is.
  for (const command of ['write -P 7 1M 512k', 'write -P 0 2M 512k', 'write -z 3M 512k'])
    await execa('qemu-io', ['-f', driver, '-c', command, path]);
  return path;
}

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

test.each([
  ['qcow2', 'qcow2', [2, 4, 6]],
  ['vmdk', 'vmdk', [2, 4]],
] as const)('a %s tells what was never written from zeros that were', async (driver, format, written) => {
  await using disk = await openDisk({ path: await sparseImage(driver), format, withHoles: true });
  const holes = await collected(blocksWithin(disk.holes({}), disk));
  const indexes = holes.flatMap(({ first, end }) => Array.from({ length: end - first }, (_, n) => first + n));
  const inHoles = new Set(indexes);
  for (const index of written) expect(inHoles.has(index), String(index)).toBe(false);
  for (const index of [0, 1, 3, 5, 7, 15]) expect(inHoles.has(index), String(index)).toBe(true);
  expect(indexes.length).toBeLessThanOrEqual(16 - written.length);
});

test('holes count by whole blocks, over neighbours and to the end of the disk', async () => {
  const within = async (...holes: readonly (readonly [number, number])[]): Promise<BlockRange[]> => {
    const extents = async function* () {
      for (const [offset, end] of holes) yield { offset, length: end - offset };
    };
    return collected(blocksWithin(extents(), { sizeBytes }));
  };
  const block = blockSizeBytes;
  expect(await within()).toEqual([]);
  expect(await within([0, block - 1])).toEqual([]);
  expect(await within([1, 2 * block + 1])).toEqual([{ first: 1, end: 2 }]);
  expect(await within([0, 700], [700, block], [block, 3 * block])).toEqual([{ first: 0, end: 3 }]);
  expect(await within([0, block], [block + 1, 2 * block])).toEqual([{ first: 0, end: 1 }]);
  expect(await within([41 * block, sizeBytes])).toEqual([{ first: 41, end: 42 }]);
});

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

/** A qcow2 of which QEMU cannot decompress the second half. */
async function damagedImage(): Promise<string> {
  const text = join(directory, 'text.raw');
  const path = join(directory, 'damaged.qcow2');
  const file = await open(text, 'w');
  for (let index = 0; index < 24; index += 1)
    await file.write(Buffer.alloc(blockSizeBytes, randomBytes(1000)), 0, undefined, index * blockSizeBytes);
  await file.close();
  await execa('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', '-c', text, path]);
  // Behind the header and the tables, the clusters: each is a few kilobytes.
  await using image = await open(path, 'r+');
  const { size } = await image.stat();
  await image.write(Buffer.alloc(size / 4, 0xff), 0, undefined, Math.floor(size / 2));
  return path;
}

test('data that QEMU cannot read is told as such, to each that asks for it, and after that', async () => {
  await using disk = await openDisk({ path: await damagedImage(), format: 'qcow2' });
  const reads = Array.from({ length: 24 }, (_, index) =>
    disk.readInto(Buffer.alloc(blockSizeBytes), index * blockSizeBytes),
  );
  const outcomes = await Promise.allSettled(reads);
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  expect(refused.length).toBeGreaterThan(1);
  for (const { reason } of refused) expect(reason).toMatchObject({ code: 'DATA_UNREADABLE' });
  await expect(disk.readInto(Buffer.alloc(512), 0)).rejects.toMatchObject({ code: 'DATA_UNREADABLE' });
});

test('where the file cannot be read either, that is the reason, and nothing is said of the image', async () => {
  const path = await damagedImage();
  await using disk = await openDisk({ path, format: 'qcow2' });
  await rm(path);
  const reading = async () => {
    for (let index = 0; index < 24; index += 1)
      await disk.readInto(Buffer.alloc(blockSizeBytes), index * blockSizeBytes);
  };
  await expect(reading()).rejects.toMatchObject({ code: 'IMAGE_NOT_READABLE', path, offset: 0 });
});

test('a file is read to its end, or told to be unreadable where that fails', async () => {
  await expect(findUnreadable(raw)).resolves.toBeUndefined();
  // Nothing lies at address 0: reading there is an input/output error.
  await expect(findUnreadable('/proc/self/mem')).resolves.toMatchObject({
    code: 'IMAGE_NOT_READABLE',
    message: expect.stringContaining('EIO'),
    offset: 0,
  });
});
