import { copyFile, open, readdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checksumOf } from '@ec2-image/checksum';
import {
  compareSample,
  type DiskLayout,
  type FileRange,
  type FileSum,
  type MadeDisk,
  makeDisk,
  type PlannedFile,
  planDisk,
} from '@ec2-image/convert';
import { describe, expect, test } from 'vitest';
import { checkStructure } from '../src/made/check-structure.ts';
import { sampleOf } from '../src/sample.ts';
import {
  compressFile,
  expectSameDisk,
  makeRawDisk,
  mib,
  qemuImg,
  temporaryDirectory,
} from './support/disk.ts';
import { plannedFile } from './support/made-file.ts';

const digest = `sha256:${'5'.repeat(64)}`;
const drivers = { vhdx: 'vhdx', vhd: 'vpc', vmdk: 'vmdk', raw: 'raw' } as const;

async function setUp({ pack = [] }: { readonly pack?: readonly string[] } = {}) {
  const directory = await temporaryDirectory();
  const [raw, image, output] = ['disk.raw', 'image', 'out'].map((name) => join(directory, name));
  await makeRawDisk(raw!, { size: 20 * mib + 512, random: 2 * mib });
  await qemuImg('convert', '-f', 'raw', '-O', 'qcow2', ...pack, raw!, image!);
  return { raw: raw!, image: image!, output: output!, leftFiles: () => readdir(directory) };
}

/** Cut otherwise than the format's blocks are. */
function rangesOf({ size }: Pick<PlannedFile, 'size'>, length = 3 * mib + 1536): FileRange[] {
  const count = Math.ceil(size / length);
  return Array.from({ length: count }, (_, index) => ({
    start: index * length,
    end: Math.min((index + 1) * length, size),
  }));
}

/** Makes all of the file: of a planned one in any order, with the same buffer for each range. */
async function writeMade(disk: MadeDisk, path: string): Promise<void> {
  const { file: made } = disk;
  const isPlanned = 'size' in made;
  const ranges = rangesOf({ size: isPlanned ? made.size : made.maxSize });
  let buffer = new SharedArrayBuffer(ranges[0]!.end);
  new Uint8Array(buffer).fill(0xee);
  const file = await open(path, 'w');
  for (const range of isPlanned ? ranges.reverse() : ranges) {
    const part = await made.make(range, { buffer });
    if (!part) break;
    if (isPlanned) expect(part.bytes).toHaveLength(range.end - range.start);
    expect(part.checksum).toBe(checksumOf('CRC32', part.bytes));
    await file.write(part.bytes, 0, part.bytes.length, range.start);
    buffer = part.buffer;
  }
  await file.close();
}

async function sumOf(path: string): Promise<FileSum> {
  const bytes = await readFile(path);
  return { size: bytes.length, checksum: checksumOf('CRC32', bytes) };
}

test.each(['vhdx', 'vhd', 'vmdk', 'raw'] as const)(
  'a %s made range by range is the disk, and an independent reading gives the same checksum',
  async (format) => {
    const { raw, image, output, leftFiles } = await setUp({ pack: ['-c'] });
    await using disk = await makeDisk({ image: { path: image, digest }, format, output });
    expect(disk).toMatchObject({ format, virtualSize: 20 * mib + 512 });
    await writeMade(disk!, output);
    await expectSameDisk(output, drivers[format], raw);
    const sum = await sumOf(output);
    expect(await disk!.prove({})).toEqual(sum);
    expect(await disk!.sum({})).toEqual(sum);
    expect((await leftFiles()).sort()).toEqual(['disk.raw', 'image', 'out']);
  },
);

test('so is that of a compressed image', async () => {
  const { raw, image, output } = await setUp();
  await compressFile('gzip', raw, image);
  await using disk = await makeDisk({ image: { path: image, digest }, format: 'vhdx', output });
  await writeMade(disk!, output);
  await expectSameDisk(output, 'vhdx', raw);
  expect(await disk!.prove({})).toEqual(await sumOf(output));
});

test('nothing is made where qemu-img is asked for', async () => {
  const { image: path, output } = await setUp();
  const options = { image: { path, digest }, format: 'vhdx', output } as const;
  expect(await makeDisk({ ...options, converter: 'qemu-img' })).toBeUndefined();
});

test('nor of an image that only QEMU reads, nor of a raw file that is the disk', async () => {
  const { raw, image, output } = await setUp();
  await qemuImg('convert', '-f', 'raw', '-O', 'vmdk', raw, image);
  expect(await makeDisk({ image: { path: image, digest }, format: 'vhdx', output })).toBeUndefined();
  expect(await makeDisk({ image: { path: raw, digest }, format: 'raw', output })).toBeUndefined();
});

test('a VMDK above 2 TiB is refused before any of it is made', async () => {
  const { image: path, output } = await setUp();
  await qemuImg('create', '-f', 'qcow2', path, '2049G');
  const options = { image: { path, digest }, output, allowUnbootable: true };
  await expect(makeDisk({ ...options, format: 'vmdk' })).rejects.toMatchObject({ code: 'DISK_TOO_LARGE' });
});

test.each(['vhdx', 'vmdk'] as const)(
  'data that appears in the image where there was none is not proven: %s',
  async (format) => {
    const { image, output } = await setUp();
    await using disk = await makeDisk({ image: { path: image, digest }, format, output });
    const before = await disk!.prove({});
    const other = join(dirname(image), 'other.raw');
    await makeRawDisk(other, { size: 20 * mib + 512, random: 8 * mib });
    await qemuImg('convert', '-f', 'raw', '-O', 'qcow2', other, image);
    const outcome = await disk!.prove({}).catch((error: unknown) => error);
    if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'DISK_DIFFERS' });
    else expect(outcome).not.toEqual(before);
  },
);

describe('a sample', () => {
  test('is one MiB of each 16, decided by the seed', async () => {
    const { image, output } = await setUp();
    await using disk = await makeDisk({ image: { path: image, digest }, format: 'vhdx', output });
    const of = (seed: number) => [...sampleOf(disk!.virtualSize, { seed })];
    expect(of(1)).toEqual(of(1));
    expect(new Set(Array.from({ length: 50 }, (_, seed) => of(seed)[0]!.offset)).size).toBeGreaterThan(8);
    const [first, second] = of(7);
    expect(first!.offset).toBeLessThan(16 * mib);
    expect(second!.offset).toBeGreaterThanOrEqual(16 * mib);
    const compared = await disk!.proveSample({ seed: 7 });
    expect(compared).toBe(first!.length + second!.length);
  });

  test.for(['vhdx', 'vmdk'] as const)(
    'finds what is otherwise in it, and nothing of what is not: %s',
    async (format) => {
      const { raw, image, output } = await setUp();
      await using disk = await makeDisk({ image: { path: image, digest }, format, output });
      if (format === 'vmdk') await writeMade(disk!, output);
      expect(await disk!.proveSample({ seed: 3 })).toBeGreaterThan(mib);
      const { offset } = [...sampleOf(disk!.virtualSize, { seed: 3 })][0]!;
      const other = join(dirname(image), 'other.raw');
      await copyFile(raw, other);
      await using file = await open(other, 'r+');
      await file.write(Buffer.from('otherwise'), 0, 9, offset + 4096);
      await qemuImg('convert', '-f', 'raw', '-O', 'vhdx', '-o', 'subformat=dynamic', raw, output);
      const compare = (path: string, seed: number) =>
        compareSample({ disk: { path: output, format: 'vhdx', source: { path, format: 'raw' } }, seed });
      expect(await compare(raw, 3)).toBeGreaterThan(mib);
      await expect(compare(other, 3)).rejects.toMatchObject({ code: 'DISK_DIFFERS', facts: { offset } });
      const elsewhere = Array.from({ length: 20 }, (_, seed) => seed).find(
        (seed) => [...sampleOf(disk!.virtualSize, { seed })][0]!.offset !== offset,
      )!;
      expect(await compare(other, elsewhere)).toBeGreaterThan(mib);
      await qemuImg('convert', '-f', 'raw', '-O', 'qcow2', other, `${image}.other`);
      await rename(`${image}.other`, image);
      await expect(disk!.proveSample({ seed: 3 })).rejects.toMatchObject({ code: 'DISK_DIFFERS' });
    },
  );
});

test('an abort ends making and proving', async () => {
  const { image, output } = await setUp();
  await using disk = await makeDisk({ image: { path: image, digest }, format: 'vhdx', output });
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(
    plannedFile(disk).make({ start: 0, end: mib }, { buffer: new SharedArrayBuffer(mib), signal }),
  ).rejects.toThrow('enough');
  await expect(disk!.prove({ signal })).rejects.toThrow('enough');
});

test('a file that QEMU reads in another order than it was planned is found by its twin', async () => {
  const virtualSize = 8 * mib;
  const layout = planDisk({
    format: 'vhd',
    virtualSize,
    present: [{ offset: 0, length: virtualSize }],
    digest,
  });
  await checkStructure({ layout, format: 'vhd', virtualSize });
  const swapped: DiskLayout = {
    ...layout,
    *pieces(range) {
      for (const piece of layout.pieces(range))
        yield 'bytes' in piece ? piece : { ...piece, offset: piece.offset ^ (2 * mib) };
    },
  };
  await expect(checkStructure({ layout: swapped, format: 'vhd', virtualSize })).rejects.toMatchObject({
    code: 'DISK_DIFFERS',
  });
});
