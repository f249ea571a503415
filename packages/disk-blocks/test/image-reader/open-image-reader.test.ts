import { createHash } from 'node:crypto';
import { appendFile, copyFile, mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { blockDigest, blockSizeBytes, openImageReader, zeroDigest } from '@ec2-image/disk-blocks';
import { execa } from 'execa';
import { test as base, describe, expect } from 'vitest';
import { convert, makeDisk, noise, openReader, readDisk } from '../support/images.ts';

const sizeBytes = 2 * 2 ** 20 + 512;

// biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
const test = base.extend('disk', { scope: 'file' }, async ({}, { onCleanup }) => {
  const directory = await mkdtemp(join(tmpdir(), 'image-reader-'));
  onCleanup(() => rm(directory, { recursive: true }));
  const raw = join(directory, 'disk.raw');
  await makeDisk(raw, sizeBytes);
  const deflate = join(directory, 'disk.qcow2');
  await convert(raw, deflate, ['-c']);
  return { directory, raw, deflate, bytes: await readFile(raw) };
});

describe('a raw file', () => {
  test('gives its bytes, and of its holes nothing is present', async ({ disk }) => {
    await using reader = await openReader(disk.raw, 'raw');
    expect((await readDisk(reader, 300_032)).equals(disk.bytes)).toBe(true);
    const present = await reader.present();
    expect(present[0]?.offset).toBe(0);
    expect(present.at(-1)).toMatchObject({ length: expect.any(Number) });
  });

  test('that ends inside a sector is padded to a whole one', async ({ disk }) => {
    const path = join(disk.directory, 'odd.raw');
    await copyFile(disk.raw, path);
    await appendFile(path, 'tail');
    await using reader = await openReader(path, 'raw');
    expect(reader.sizeBytes).toBe(sizeBytes + 512);
    const wanted = Buffer.alloc(sizeBytes + 512);
    (await readFile(path)).copy(wanted);
    expect((await readDisk(reader)).equals(wanted)).toBe(true);
    const last = (await reader.present()).at(-1)!;
    expect(last.offset + last.length).toBe(reader.sizeBytes);
  });
});

test('checksums are those of the bytes: CRC32 of all, SHA-256 of each block, the last one padded', async ({
  disk,
}) => {
  await using reader = await openReader(disk.deflate);
  const stretches = [{ at: 0, offset: 0, length: sizeBytes }];
  const filled = await reader.fill({ length: sizeBytes, stretches, crc32: true, sha256: true });
  expect(filled.crc32).toBe(crc32(disk.bytes));
  const padded = Buffer.alloc(5 * blockSizeBytes);
  disk.bytes.copy(padded);
  const wanted = Array.from({ length: 5 }, (_, index) =>
    blockDigest(padded.subarray(index * blockSizeBytes, (index + 1) * blockSizeBytes)),
  );
  expect(filled.digests).toEqual(wanted);
  const empty = await reader.fill({ length: blockSizeBytes, stretches: [], sha256: true });
  expect(empty.digests).toEqual([zeroDigest]);
  expect(empty).not.toHaveProperty('crc32', expect.anything());
});

test('many at a time, of two images, each get their own bytes', async ({ disk }) => {
  const other = join(disk.directory, 'other.qcow2');
  const bytes = noise('other', 1024 ** 2);
  await writeFile(`${other}.raw`, bytes);
  await convert(`${other}.raw`, other, ['-o', 'cluster_size=512']);
  await using one = await openReader(disk.deflate);
  await using two = await openReader(other);
  const read = async (reader: typeof one, offset: number) =>
    (await reader.fill({ length: 66_048, stretches: [{ at: 0, offset, length: 66_048 }] })).data;
  const offsets = Array.from({ length: 14 }, (_, index) => index * 66_048);
  const pairs = await Promise.all(
    offsets.map(async (at) => [await read(one, at), await read(two, at), at] as const),
  );
  for (const [first, second, at] of pairs) {
    expect(first.equals(disk.bytes.subarray(at, at + 66_048))).toBe(true);
    expect(second.equals(bytes.subarray(at, at + 66_048))).toBe(true);
  }
});

describe('zeros that the file keeps are found by reading', () => {
  /** The units that hold something, of a disk of 5 MiB and a sector. */
  const units = [0, 1, 31, 32, 40, 80];
  const bytes = Buffer.alloc(5 * 2 ** 20 + 512);
  for (const unit of units) bytes[unit * 65_536 + 100] = 1;

  test.for([
    ['a raw file without holes', undefined],
    ['a qcow2 of plain clusters', ['-S', '0']],
    ['one of small clusters', ['-S', '0', '-o', 'cluster_size=4k']],
    ['one with subclusters', ['-S', '0', '-o', 'extended_l2=on']],
    ['a compressed one', ['-c']],
  ] as const)('%s', async ([name, options], { disk }) => {
    const raw = join(disk.directory, `${name}.raw`);
    await writeFile(raw, bytes);
    if (options) await convert(raw, `${raw}.qcow2`, options);
    await using reader = options ? await openReader(`${raw}.qcow2`) : await openReader(raw, 'raw');
    const found = await reader.nonZero();
    expect(found).toEqual([
      { offset: 0, length: 131_072 },
      { offset: 31 * 65_536, length: 131_072 },
      { offset: 40 * 65_536, length: 65_536 },
      { offset: 80 * 65_536, length: 512 },
    ]);
    if (!options || options[0] === '-S')
      expect(await reader.present()).toEqual([{ offset: 0, length: bytes.length }]);
    await expect(reader.nonZero({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
  });
});

test('a disk of 64 TiB with little in it costs little', async ({ disk }) => {
  const path = join(disk.directory, 'large.qcow2');
  await execa('qemu-img', ['create', '-f', 'qcow2', path, '64T']);
  await execa('qemu-io', ['-f', 'qcow2', '-c', 'write -P 7 60T 512', path]);
  const before = process.memoryUsage().arrayBuffers;
  await using reader = await openReader(path);
  const at = 60 * 1024 ** 4;
  expect(await reader.present()).toEqual([{ offset: at, length: 65_536 }]);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 2 ** 20);
  const { data } = await reader.fill({ length: 1024, stretches: [{ at: 0, offset: at, length: 1024 }] });
  expect(data.equals(Buffer.concat([Buffer.alloc(512, 7), Buffer.alloc(512)]))).toBe(true);
});

test('a map that names one table for all of 4 TiB is read without holding up anything else', async ({
  disk,
}) => {
  const path = join(disk.directory, 'repeated.qcow2');
  await execa('qemu-img', ['create', '-f', 'qcow2', path, '4T']);
  await execa('qemu-io', ['-f', 'qcow2', '-c', 'write -P 7 0 64k', path]);
  const bytes = await readFile(path);
  const l1 = Number(bytes.readBigUInt64BE(40));
  for (let index = 1; index < 8192; index++) bytes.copy(bytes, l1 + index * 8, l1, l1 + 8);
  await writeFile(path, bytes);
  const abort = new AbortController();
  setTimeout(() => abort.abort(new Error('enough')), 30);
  const startedAt = performance.now();
  await expect(openImageReader({ path, format: 'qcow2', signal: abort.signal })).rejects.toThrow('enough');
  expect(performance.now() - startedAt).toBeLessThan(5000);
});

describe('left to qemu, with the reason', () => {
  test.for([
    ['BACKING_FILE', 'a backing file', ['-b', 'disk.raw', '-F', 'raw']],
    [
      'ENCRYPTED_IMAGE',
      'encryption',
      ['--object', 'secret,id=s,data=x', '-o', 'encrypt.format=aes,encrypt.key-secret=s', '2M'],
    ],
    ['EXTERNAL_DATA_FILE', 'a data file', ['-o', 'data_file=data.raw', '2M']],
  ] as const)('%s: %s', async ([code, name, options], { disk }) => {
    const path = join(disk.directory, `${name}.qcow2`);
    const [flags, rest] = options[0] === '--object' ? [options.slice(0, 2), options.slice(2)] : [[], options];
    const size = rest.at(-1) === '2M' ? rest.slice(-1) : [];
    const others = size.length > 0 ? rest.slice(0, -1) : rest;
    await execa('qemu-img', ['create', ...flags, '-f', 'qcow2', ...others, path, ...size], {
      cwd: disk.directory,
    });
    expect(await openImageReader({ path, format: 'qcow2' })).toMatchObject({ refusal: { code } });
  });

  test('UNSUPPORTED_IMAGE: bitmaps', async ({ disk }) => {
    const path = join(disk.directory, 'bitmaps.qcow2');
    await convert(disk.raw, path, []);
    await execa('qemu-img', ['bitmap', '--add', path, 'one']);
    const opened = await openImageReader({ path, format: 'qcow2' });
    expect(opened).toMatchObject({ refusal: { code: 'UNSUPPORTED_IMAGE' } });
  });

  test('TRUNCATED_IMAGE: an image cut short', async ({ disk }) => {
    const path = join(disk.directory, 'cut.qcow2');
    await copyFile(disk.deflate, path);
    await truncate(path, 330_000);
    const opened = await openImageReader({ path, format: 'qcow2' });
    expect(opened).toMatchObject({ refusal: { code: 'TRUNCATED_IMAGE' } });
  });

  test('something else than a qcow2', async ({ disk }) => {
    const opened = await openImageReader({ path: disk.raw, format: 'qcow2' });
    expect(opened).toMatchObject({ refusal: { code: 'UNSUPPORTED_IMAGE' } });
  });
});

describe('errors', () => {
  test.for(['zlib', 'zstd'])(
    'DAMAGED_CLUSTER: a compressed cluster that is not, %s',
    async (type, { disk }) => {
      const path = join(disk.directory, `damaged.${type}.qcow2`);
      await convert(disk.raw, path, ['-c', '-o', `compression_type=${type}`]);
      const file = await open(path, 'r+');
      // Behind the tables and the noise, which is not compressed.
      const { size } = await file.stat();
      const from = 6 * 65_536;
      await file.write(Buffer.alloc(size - from, 0xff), 0, size - from, from);
      await file.close();
      await using reader = await openReader(path);
      await expect(readDisk(reader)).rejects.toMatchObject({
        name: 'DiskBlocksError',
        code: 'DAMAGED_CLUSTER',
      });
      // The thread lives on.
      const { data } = await reader.fill({
        length: 512,
        stretches: [{ at: 0, offset: 0, length: 512 }],
      });
      expect(data.equals(disk.bytes.subarray(0, 512))).toBe(true);
    },
  );

  test('DISK_CHANGED: a file that became shorter', async ({ disk }) => {
    const path = join(disk.directory, 'shorter.qcow2');
    await copyFile(disk.deflate, path);
    await using reader = await openReader(path);
    await truncate(path, 5 * 65_536 + 100);
    await expect(readDisk(reader)).rejects.toMatchObject({ code: 'DISK_CHANGED' });
  });

  test('stretches that do not fit are refused', async ({ disk }) => {
    await using reader = await openReader(disk.deflate);
    for (const stretch of [
      { at: 0, offset: 0, length: 100 },
      { at: 1, offset: 0, length: 1024 },
      { at: 0, offset: sizeBytes, length: 512 },
      { at: 0, offset: -512, length: 512 },
      { at: -1, offset: 0, length: 512 },
      { at: 0, offset: 100, length: 512 },
    ])
      await expect(reader.fill({ length: 1024, stretches: [stretch] })).rejects.toThrow(RangeError);
  });

  test('an abort is the reason', async ({ disk }) => {
    await using reader = await openReader(disk.deflate);
    const signal = AbortSignal.abort(new Error('enough'));
    const stretches = [{ at: 0, offset: 0, length: 512 }];
    await expect(reader.fill({ length: 512, stretches, signal })).rejects.toThrow('enough');
  });
});

test('a file that is still being written is read as it arrives', async ({ disk }) => {
  const whole = await readFile(disk.deflate);
  const path = join(disk.directory, 'growing.qcow2');
  await writeFile(path, '');
  let end = 0;
  /** Brings as much of the file as is asked for, and no more. */
  const arrived = async ({ offset, length }: { offset: number; length: number }) => {
    expect(offset + length).toBeLessThanOrEqual(whole.length);
    if (offset + length <= end) return;
    await appendFile(path, whole.subarray(end, offset + length));
    end = offset + length;
  };
  const { reader } = await openImageReader({
    path,
    format: 'qcow2',
    growing: { fileSize: whole.length, arrived },
  });
  await using opened = reader!;
  expect(opened.sizeBytes).toBe(sizeBytes);
  const beforeData = end;
  expect(beforeData).toBeLessThan(whole.length / 2);
  const { data } = await opened.fill({ length: 65_536, stretches: [{ at: 0, offset: 0, length: 65_536 }] });
  expect(data.equals(disk.bytes.subarray(0, 65_536))).toBe(true);
  expect(end).toBeGreaterThan(beforeData);
  expect(end).toBeLessThan(whole.length);
  const rest = await readDisk(opened);
  expect(createHash('sha256').update(rest).digest('hex')).toBe(
    createHash('sha256').update(disk.bytes).digest('hex'),
  );
});
