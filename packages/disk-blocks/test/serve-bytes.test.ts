import { mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diskBlocks, openDiskOf, type ServedSource } from '@ec2-image/disk-blocks';
import { type ByteSource, fileSource } from '@ec2-image/image-headers';
import { execa } from 'execa';
import { afterEach, test as base, expect, vi } from 'vitest';
import { makeDisk } from './support/images.ts';

const sizeBytes = 3 * 2 ** 20 + 1536;

const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
  .extend('directory', { scope: 'file' }, async ({}, { onCleanup }) => {
    const directory = await mkdtemp(join(tmpdir(), 'serve-bytes-'));
    onCleanup(() => rm(directory, { recursive: true }));
    return directory;
  })
  .extend('raw', { scope: 'file' }, async ({ directory }) => {
    const raw = join(directory, 'disk.raw');
    await makeDisk(raw, sizeBytes);
    return raw;
  })
  /** The bytes of an image of the disk, by the name of qemu's driver. */
  .extend('bytesOf', ({ directory, raw }, { onCleanup }) => async (driver: string): Promise<ByteSource> => {
    const path = join(directory, `disk.${driver}`);
    const options = driver === 'vmdk' ? ['-o', 'subformat=streamOptimized'] : [];
    await execa('qemu-img', ['convert', '-f', 'raw', '-O', driver, ...options, raw, path]);
    const file = await open(path);
    onCleanup(() => file.close());
    return fileSource(file, (await file.stat()).size);
  });

afterEach(() => vi.unstubAllEnvs());

test.for([
  ['qcow2', 'qcow2'],
  ['vhdx', 'vhdx'],
  ['vmdk', 'vmdk'],
  ['vhd', 'vpc'],
] as const)(
  'QEMU reads the disk in a %s that this process serves',
  async ([format, driver], { raw, bytesOf }) => {
    const wanted = await readFile(raw);
    await using disk = await openDiskOf({ bytes: await bytesOf(driver), format });
    expect(disk.sizeBytes).toBeGreaterThanOrEqual(sizeBytes);
    const found = Buffer.alloc(disk.sizeBytes);
    for await (const { index, data } of diskBlocks({ disk })) data.copy(found, index * data.length);
    expect(found.subarray(0, sizeBytes).equals(wanted)).toBe(true);
  },
);

test.for([
  ['vhdx', 'vhdx'],
  ['vmdk', 'vmdk'],
] as const)('zeros of a %s need not be served', async ([format, driver], { raw, bytesOf }) => {
  const bytes = await bytesOf(driver);
  const all = Buffer.from(await bytes.read(0, bytes.size));
  const pageBytes = 1000;
  const source: ServedSource = {
    ...bytes,
    read: () => Promise.reject(new Error('read as a whole')),
    *pieces(start, length) {
      for (let at = start; at < start + length; at += pageBytes) {
        const page = all.subarray(at, Math.min(at + pageBytes, start + length));
        if (page.some((byte) => byte !== 0)) yield { at, bytes: page };
      }
    },
  };
  const wanted = await readFile(raw);
  await using disk = await openDiskOf({ bytes: source, format });
  const found = Buffer.alloc(disk.sizeBytes);
  for await (const { index, data } of diskBlocks({ disk })) data.copy(found, index * data.length);
  expect(found.subarray(0, sizeBytes).equals(wanted)).toBe(true);
});

test('a long path of temporary files does not limit the names of sockets', async ({ directory, bytesOf }) => {
  const deep = join(directory, 'd'.repeat(120));
  await mkdir(deep);
  const bytes = await bytesOf('vhdx');
  vi.stubEnv('TMPDIR', deep);
  await using disk = await openDiskOf({ bytes, format: 'vhdx' });
  expect(disk.sizeBytes).toBeGreaterThanOrEqual(sizeBytes);
  vi.stubEnv('TMPDIR', join(directory, 'nowhere'));
  await expect(openDiskOf({ bytes, format: 'vhdx' })).rejects.toMatchObject({
    code: 'LOCAL_FAILURE',
    hint: expect.stringContaining('TMPDIR'),
  });
});

test('bytes that cannot be read end the reading', async ({ bytesOf }) => {
  const bytes = await bytesOf('vhdx');
  let isLost = false;
  const losing: ByteSource = {
    ...bytes,
    async read(offset, length) {
      if (isLost) throw new Error('lost');
      return bytes.read(offset, length);
    },
  };
  await using disk = await openDiskOf({ bytes: losing, format: 'vhdx' });
  isLost = true;
  await expect(disk.readInto(Buffer.alloc(65_536), 2 ** 20)).rejects.toMatchObject({
    code: 'DATA_UNREADABLE',
  });
});

test('anything but an image is refused, and an abort ends it', async ({ bytesOf }) => {
  const nothing: ByteSource = { size: 65_536, read: async (_, length) => Buffer.alloc(length) };
  await expect(openDiskOf({ bytes: nothing, format: 'qcow2' })).rejects.toMatchObject({
    code: 'QEMU_NBD_FAILED',
  });
  const signal = AbortSignal.abort(new Error('enough'));
  const aborted = openDiskOf({ bytes: await bytesOf('qcow2'), format: 'qcow2', signal });
  await expect(aborted).rejects.toThrow('enough');
});
