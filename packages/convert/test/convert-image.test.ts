import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import {
  type ConvertProgress,
  compareDisk,
  convertImage,
  type DiskFormat,
  inspectImage,
  partialPath,
} from '@ec2-image/convert';
import { openDisk } from '@ec2-image/disk-blocks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blockDevice } from '../src/qemu/block-device.ts';
import {
  compressFile,
  expectSameDisk,
  flipBit,
  makeRawDisk,
  mib,
  qemuImg,
  temporaryDirectory,
} from './support/disk.ts';

const drivers: Readonly<Record<DiskFormat, string>> = { vhdx: 'vhdx', vhd: 'vpc', vmdk: 'vmdk', raw: 'raw' };
const outputs = Object.keys(drivers) as DiskFormat[];

/** Name, format, and how it is made of the raw disk. */
const inputs: readonly [
  name: string,
  format: string,
  make: (raw: string, path: string) => Promise<unknown>,
][] = [
  ['raw', 'raw', async (raw, path) => writeFile(path, await readFile(raw))],
  ['qcow2', 'qcow2', (raw, path) => qemuImg('convert', '-O', 'qcow2', '-f', 'raw', raw, path)],
  [
    'qcow2, compressed',
    'qcow2',
    (raw, path) => qemuImg('convert', '-c', '-O', 'qcow2', '-f', 'raw', raw, path),
  ],
  [
    'qcow2, zstd',
    'qcow2',
    (raw, path) =>
      qemuImg('convert', '-c', '-O', 'qcow2', '-o', 'compression_type=zstd', '-f', 'raw', raw, path),
  ],
  ['VMDK', 'vmdk', (raw, path) => qemuImg('convert', '-O', 'vmdk', '-f', 'raw', raw, path)],
  [
    'VMDK, streamed',
    'vmdk',
    (raw, path) =>
      qemuImg('convert', '-O', 'vmdk', '-o', 'subformat=streamOptimized', '-f', 'raw', raw, path),
  ],
  [
    'VHD',
    'vhd',
    (raw, path) => qemuImg('convert', '-O', 'vpc', '-o', 'force_size=on', '-f', 'raw', raw, path),
  ],
  [
    'VHD, fixed',
    'vhd',
    (raw, path) =>
      qemuImg('convert', '-O', 'vpc', '-o', 'subformat=fixed,force_size=on', '-f', 'raw', raw, path),
  ],
  ['VHDX', 'vhdx', (raw, path) => qemuImg('convert', '-O', 'vhdx', '-f', 'raw', raw, path)],
  ['raw.gz', 'raw', (raw, path) => compressFile('gzip', raw, path)],
  ['raw.xz', 'raw', (raw, path) => compressFile('xz', raw, path, '-1')],
  ['raw.zst', 'raw', (raw, path) => compressFile('zstd', raw, path)],
  [
    'qcow2.xz',
    'qcow2',
    async (raw, path) => {
      await qemuImg('convert', '-O', 'qcow2', '-f', 'raw', raw, `${path}.qcow2`);
      await compressFile('xz', `${path}.qcow2`, path, '-1');
    },
  ],
  [
    'fixed VHD.gz, which begins as a raw disk does',
    'vhd',
    async (raw, path) => {
      await qemuImg(
        'convert',
        '-O',
        'vpc',
        '-o',
        'subformat=fixed,force_size=on',
        '-f',
        'raw',
        raw,
        `${path}.vhd`,
      );
      await compressFile('gzip', `${path}.vhd`, path);
    },
  ],
];

describe.each(inputs)('%s', (name, format, make) => {
  let directory: string;
  let raw: string;
  let image: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'convert-test-'));
    raw = join(directory, 'disk');
    image = join(directory, 'image, of "some": kind');
    await makeRawDisk(raw);
    await make(raw, image);
  });
  afterAll(() => rm(directory, { recursive: true }));

  test('is seen for what it is', async () => {
    const facts = await inspectImage({ path: image });
    const looksLike = name.startsWith('fixed VHD.gz') ? 'raw' : format;
    expect(facts).toMatchObject({ path: image, size: (await stat(image)).size, format: looksLike });
    if (facts.packing === undefined) {
      expect(facts).toMatchObject({ virtualSize: (await stat(raw)).size, partitionTable: 'mbr' });
    }
  });

  test.each(outputs)('to %s', async (output) => {
    const path = join(directory, `out, of "some": kind.${output}`);
    const disk = await convertImage({ image: { path: image }, format: output, output: path });
    expect(disk.virtualSize).toBe((await stat(raw)).size);
    expect(disk.size).toBe((await stat(disk.path)).size);
    await expectSameDisk(disk.path, drivers[output], raw);
    if (output === 'vhdx') await compareDisk({ disk });
    const made = [basename(path), `${basename(path)}.decompressed`, `${basename(path)}.partial`];
    const left = (await readdir(directory)).filter((file) => made.includes(file));
    expect(left.sort()).toEqual([
      ...(disk.path === path ? [basename(path)] : []),
      ...(disk.source.temporary ? [`${basename(path)}.decompressed`] : []),
    ]);
  });
});

test.each([
  ['vhdx', 16 * mib],
  ['vhd', 16 * mib],
  ['vhd', 100_000_256 - (100_000_256 % 512)],
  ['vmdk', 33 * mib + 512],
] as const)('%s keeps a size of %i bytes', async (format, size) => {
  const directory = await temporaryDirectory();
  const [raw, output] = [join(directory, 'disk.raw'), join(directory, 'disk.out')];
  await makeRawDisk(raw, { size });
  expect(await convertImage({ image: { path: raw }, format, output })).toMatchObject({ virtualSize: size });
  await expectSameDisk(output, drivers[format], raw);
});

describe('a raw image', () => {
  let directory: string;
  const paths = async () => {
    directory = await temporaryDirectory();
    return { image: { path: join(directory, 'disk.raw') }, output: join(directory, 'out.raw') };
  };

  test('is used where it is for a raw disk', async () => {
    const { image, output } = await paths();
    await makeRawDisk(image.path);
    const disk = await convertImage({ image, format: 'raw', output });
    expect(disk).toMatchObject({
      path: image.path,
      outcome: 'in-place',
      source: { path: image.path, temporary: false },
    });
    expect(await readdir(directory)).toEqual(['disk.raw']);
  });

  test('that ends within a sector is copied, and the sector filled up', async () => {
    const { image, output } = await paths();
    await makeRawDisk(image.path, { size: 8 * mib });
    await writeFile(image.path, Buffer.from([1, 2, 3]), { flag: 'a' });
    const disk = await convertImage({ image, format: 'raw', output });
    expect(disk).toMatchObject({
      path: output,
      outcome: 'converted',
      size: 8 * mib + 512,
      virtualSize: 8 * mib + 512,
    });
    await compareDisk({ disk });
    const original = await readFile(image.path);
    expect(original.length).toBe(8 * mib + 3);
    expect(Buffer.concat([original, Buffer.alloc(509)]).equals(await readFile(output))).toBe(true);
  });

  test('decompressed for a raw disk is that disk, with holes for its zeros', async () => {
    const { image, output } = await paths();
    await makeRawDisk(join(directory, 'original'), { size: 64 * mib });
    await compressFile('xz', join(directory, 'original'), image.path, '-1');
    const disk = await convertImage({ image, format: 'raw', output });
    expect(disk).toMatchObject({
      path: output,
      outcome: 'converted',
      source: { path: output, temporary: false },
    });
    await expectSameDisk(output, 'raw', join(directory, 'original'));
    expect((await stat(output)).blocks * 512).toBeLessThan(3 * mib);
    await compareDisk({ disk });
  });
});

describe('what is there already', () => {
  const old = new Date(2020, 1, 1);
  const isOld = async (path: string) => (await stat(path)).mtime.getTime() === old.getTime();
  let image: { path: string };
  let output: string;
  let directory: string;
  const prepare = async (suffix: 'raw' | 'raw.xz') => {
    directory = await temporaryDirectory();
    image = { path: join(directory, `disk.${suffix}`) };
    output = join(directory, 'out.vhdx');
    await makeRawDisk(join(directory, 'disk.raw'));
    if (suffix === 'raw.xz') await compressFile('xz', join(directory, 'disk.raw'), image.path, '-1');
  };

  test('is converted again where reuse is not asked for', async () => {
    await prepare('raw');
    await convertImage({ image, format: 'vhdx', output });
    await utimes(output, old, old);
    expect(await convertImage({ image, format: 'vhdx', output })).toMatchObject({ outcome: 'converted' });
    expect(await isOld(output)).toBe(false);
  });

  test('is reused where it has the format and the size', async () => {
    await prepare('raw');
    const first = await convertImage({ image, format: 'vhdx', output, reuse: true });
    await utimes(output, old, old);
    expect(await convertImage({ image, format: 'vhdx', output, reuse: true })).toEqual({
      ...first,
      outcome: 'reused',
      // Only its bytes are known, not what wrote them.
      converter: undefined,
    });
    expect(await isOld(output)).toBe(true);
  });

  test.each([
    ['another size', async () => void (await qemuImg('create', '-f', 'vhdx', output, '1G'))],
    [
      'another format',
      async () => void (await qemuImg('create', '-f', 'qcow2', output, `${12 * mib + 3 * 512}`)),
    ],
    ['its end missing', async () => void (await truncate(output, 9 * mib))],
    ['nothing in it', async () => void (await truncate(output, 0))],
  ])('is replaced where it has %s', async (_, spoil) => {
    await prepare('raw');
    await convertImage({ image, format: 'vhdx', output });
    await spoil();
    const disk = await convertImage({ image, format: 'vhdx', output, reuse: true });
    expect(disk).toMatchObject({ outcome: 'converted' });
    await compareDisk({ disk });
  });

  test.each([
    ['vhdx', 'reused'],
    ['raw', 'converted'],
  ] as const)('of a decompressed image is repeated, for a disk as %s', async (format, outcome) => {
    await prepare('raw.xz');
    const options = { image, format, output, reuse: true };
    const { source } = await convertImage(options);
    await flipBit(source.path, 7 * mib);
    const disk = await convertImage(options);
    expect(disk).toMatchObject({ outcome, source: { path: source.path } });
    await expectSameDisk(source.path, 'raw', join(directory, 'disk.raw'));
    await compareDisk({ disk });
  });

  test('of a killed run is replaced', async () => {
    await prepare('raw.xz');
    await writeFile(partialPath(output), 'left over');
    await writeFile(partialPath(`${output}.decompressed`), 'left over');
    await compareDisk({ disk: await convertImage({ image, format: 'vhdx', output }) });
    expect((await readdir(directory)).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });
});

test('a disk of 5 GiB is a VHD of 5 GiB, not of whole cylinders, for every version of QEMU', async () => {
  const directory = await temporaryDirectory();
  const [raw, output] = [join(directory, 'disk.raw'), join(directory, 'disk.vhd')];
  const size = 5 * 1024 * mib;
  await makeRawDisk(raw, { size });
  const disk = await convertImage({ image: { path: raw }, format: 'vhd', output });
  expect(disk.virtualSize).toBe(size);
  await compareDisk({ disk });
  const path = await blockDevice({ path: output, format: 'vhd' });
  expect(JSON.parse(path.slice('json:'.length))).toMatchObject({
    driver: 'vpc',
    force_size_calc: 'current_size',
  });
  const { stdout } = await qemuImg('info', '--output=json', path);
  expect(JSON.parse(stdout)).toMatchObject({ 'virtual-size': size });
});

test.each(['auto', 'qemu-img'] as const)(
  'a raw disk above 2 TiB is a VHDX of its size, by %s',
  async (converter) => {
    const directory = await temporaryDirectory();
    const [raw, output] = [join(directory, 'disk.raw'), join(directory, 'disk.vhdx')];
    // More sectors than 32 bits count, and the last one holds data.
    const size = 2 ** 41 + 512;
    await makeRawDisk(raw, { size, bootable: false });
    const image = { path: raw };
    const disk = await convertImage({ image, format: 'vhdx', output, converter, allowUnbootable: true });
    expect(disk).toMatchObject({ format: 'vhdx', virtualSize: size });
    // QEMU reads all of a VHDX, holes or not, which takes minutes: what lies around the data will do.
    await using written = await openDisk({ path: output, format: 'vhdx' });
    await using source = await openDisk({ path: raw, format: 'raw' });
    expect(written.sizeBytes).toBe(size);
    for (const [offset, length] of [
      [0, 12 * mib],
      [size - mib, mib],
    ] as const) {
      const [found, wanted] = [Buffer.alloc(length, 'x'), Buffer.alloc(length)];
      await written.readInto(found, offset);
      await source.readInto(wanted, offset);
      expect(found.equals(wanted)).toBe(true);
    }
  },
);

test('progress counts the compressed file, then the disk, and ends at the totals', async () => {
  const directory = await temporaryDirectory();
  const [raw, path] = [join(directory, 'disk.raw'), join(directory, 'disk.raw.gz')];
  await makeRawDisk(raw, { size: 32 * mib, random: 8 * mib });
  await compressFile('gzip', raw, path, '-1');
  const seen: ConvertProgress[] = [];
  await mkdir(join(directory, 'work'));
  await convertImage({
    image: { path },
    format: 'vhdx',
    output: join(directory, 'work', 'disk.vhdx'),
    onProgress: (progress) => seen.push(progress),
  });
  const stages = [...new Set(seen.map(({ stage }) => stage))];
  expect(stages).toEqual(['decompress', 'convert']);
  const totals = { decompress: (await stat(path)).size, convert: 32 * mib };
  for (const stage of stages) {
    const done = seen.filter((progress) => progress.stage === stage).map((progress) => progress.done);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(done.at(-1)).toBe(totals[stage]);
    expect(done.length).toBeGreaterThan(2);
    expect(seen.find((progress) => progress.stage === stage)!.total).toBe(totals[stage]);
  }
});
