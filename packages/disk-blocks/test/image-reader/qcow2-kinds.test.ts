import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { test as base, describe, expect } from 'vitest';
import { convert, makeDisk, noise, openReader, readDisk } from '../support/images.ts';

const sizeBytes = 3 * 2 ** 20 + 1536;

// biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
const test = base.extend('disk', { scope: 'file' }, async ({}, { onCleanup }) => {
  const directory = await mkdtemp(join(tmpdir(), 'qcow2-kinds-'));
  onCleanup(() => rm(directory, { recursive: true }));
  const raw = join(directory, 'disk.raw');
  await makeDisk(raw, sizeBytes);
  return { directory, raw, bytes: await readFile(raw) };
});

const clusterSizes = ['512', '1k', '2k', '4k', '8k', '16k', '32k', '64k', '128k', '256k', '512k', '1M', '2M'];
const withSubclusters = clusterSizes.slice(5);
const ways: readonly (readonly [name: string, flags: readonly string[], options: string, sizes: string[]])[] =
  [
    ['plain', [], 'compat=1.1', clusterSizes],
    ['version 2', [], 'compat=0.10', clusterSizes],
    ['deflate', ['-c'], 'compat=1.1', clusterSizes],
    ['deflate, version 2', ['-c'], 'compat=0.10', clusterSizes],
    ['zstd', ['-c'], 'compression_type=zstd', clusterSizes],
    ['subclusters', [], 'extended_l2=on', withSubclusters],
    ['subclusters, deflate', ['-c'], 'extended_l2=on', withSubclusters],
    ['subclusters, zstd', ['-c'], 'extended_l2=on,compression_type=zstd', withSubclusters],
    ['preallocated map', [], 'preallocation=metadata', clusterSizes],
    ['preallocated map, version 2', [], 'preallocation=metadata,compat=0.10', clusterSizes],
    ['preallocated map, subclusters', [], 'preallocation=metadata,extended_l2=on', withSubclusters],
    ['preallocated file', [], 'preallocation=falloc', clusterSizes],
    ['preallocated bytes', [], 'preallocation=full', clusterSizes],
    ['zeros kept', ['-S', '0'], 'compat=1.1', clusterSizes],
    ['lazy refcounts of one bit', [], 'lazy_refcounts=on,refcount_bits=1', clusterSizes],
    ['refcounts of 64 bits, written out of order', ['-W'], 'refcount_bits=64', clusterSizes],
  ];
const isExhaustive = process.env.EC2_IMAGE_TEST === 'all';
/** In `npm test` the least cluster size, and in turn the usual and the largest. */
const kinds = ways.flatMap(([name, flags, options, sizes], index) => {
  const chosen = isExhaustive ? sizes : [sizes[0]!, index % 2 === 0 ? '64k' : '2M'];
  return chosen.map((size) => ({ name, size, flags, options }));
});

test.for(kinds)(
  '$name, clusters of $size: the bytes of the disk',
  async ({ flags, options, size }, { disk }) => {
    const path = join(disk.directory, `${flags.join('')} ${options} ${size}.qcow2`);
    await convert(disk.raw, path, [...flags, '-o', `${options},cluster_size=${size}`]);
    await using reader = await openReader(path);
    expect(reader.sizeBytes).toBe(sizeBytes);
    expect((await readDisk(reader)).equals(disk.bytes)).toBe(true);
    // What is not present is zeros.
    let end = 0;
    for (const { offset, length } of [...(await reader.present()), { offset: sizeBytes, length: 0 }]) {
      expect(offset).toBeGreaterThanOrEqual(end);
      expect(disk.bytes.subarray(end, offset).every((byte) => byte === 0)).toBe(true);
      end = offset + length;
    }
    expect(end).toBe(sizeBytes);
  },
);

describe('as qemu-img reads it', () => {
  const asQemuReads = async (path: string) => {
    await execa('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', path, `${path}.raw`]);
    return readFile(`${path}.raw`);
  };

  test.for([
    ['64k', 'compat=1.1'],
    ['4k', 'compat=1.1'],
    ['16k', 'extended_l2=on'],
    ['64k', 'extended_l2=on'],
    ['512', 'compat=0.10'],
  ])(
    'an image of clusters of %s, %s, that was written to, with a snapshot',
    async ([size, options], { disk }) => {
      const path = join(disk.directory, `written ${size} ${options}.qcow2`);
      await convert(disk.raw, path, ['-c', '-o', `${options},cluster_size=${size}`]);
      const snapshot = ['snapshot', '-c', 'before', path];
      await execa('qemu-img', snapshot);
      const commands = [
        'write -P 3 1000k 3k',
        'write -P 0 64k 64k',
        'write -z 512k 40k',
        'write -z -u 1024k 128k',
        'discard 2M 128k',
        'write -P 9 1090k 512',
        'write -c -P 8 2560k 64k',
      ].filter((command) => !(options === 'compat=0.10' && / -[zu] /.test(command)));
      await execa('qemu-io', ['-f', 'qcow2', ...commands.flatMap((each) => ['-c', each]), path]);
      await using reader = await openReader(path);
      const wanted = await asQemuReads(path);
      expect(wanted.equals(disk.bytes)).toBe(false);
      expect((await readDisk(reader)).equals(wanted)).toBe(true);
      expect((await readDisk(reader, 12_800)).equals(wanted)).toBe(true);
    },
  );

  test('an image that was made smaller and larger again', async ({ disk }) => {
    const path = join(disk.directory, 'resized.qcow2');
    await convert(disk.raw, path, []);
    await execa('qemu-img', ['resize', '--shrink', path, '1M']);
    await execa('qemu-img', ['resize', path, '9M']);
    await using reader = await openReader(path);
    expect((await readDisk(reader)).equals(await asQemuReads(path))).toBe(true);
  });

  test('an image that a killed writer did not close', async ({ disk }) => {
    const path = join(disk.directory, 'dirty.qcow2');
    await convert(disk.raw, path, ['-o', 'lazy_refcounts=on']);
    await execa('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 1M 1M', '-c', 'abort', path], { reject: false });
    await using reader = await openReader(path);
    expect((await readDisk(reader)).equals(await asQemuReads(path))).toBe(true);
  });
});

test('any stretches, in any order, into any places of a buffer', async ({ disk }) => {
  const path = join(disk.directory, 'stretches.qcow2');
  await convert(disk.raw, path, ['-c']);
  await using reader = await openReader(path);
  const before = noise('before', 400_000);
  const buffer = new SharedArrayBuffer(500_000);
  before.copy(Buffer.from(buffer));
  const stretches = [
    { at: 100, offset: 1_000_448, length: 512 },
    { at: 10_000, offset: 65_536 - 512, length: 1024 },
    { at: 20_000, offset: 300_032, length: 200_192 },
    { at: 399_000, offset: sizeBytes - 1024, length: 1000 - (1000 % 512) },
  ];
  const wanted = Buffer.from(before);
  for (const { at, offset, length } of stretches) disk.bytes.copy(wanted, at, offset, offset + length);
  const { data, buffer: returned } = await reader.fill({ buffer, length: 400_000, stretches });
  expect(data.equals(wanted)).toBe(true);
  expect(returned).toBe(buffer);
});
