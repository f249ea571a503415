import { open, readFile, rename, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ArrivingDisk,
  type MadeDisk,
  makeArrivingDisk,
  makeDisk,
  openArrivingImage,
  type PlannedFile,
  type RangeArrivals,
} from '@ec2-image/convert';
import { makeDenseQcow2 } from '@ec2-image/sample-image';
import { describe, expect } from 'vitest';
import { makeRawDisk, mib, qemuImg } from './support/disk.ts';
import { digest, testOfDisk as test, virtualSize } from './support/disk-fixtures.ts';

/** A file of which more arrives at each call of `until`; what is asked for out of turn comes at once. */
async function arrivingFile(path: string) {
  const { size: fileSize } = await stat(path);
  let position = 0;
  let advanced = Promise.withResolvers<void>();
  const early: { readonly offset: number; readonly length: number }[] = [];
  return {
    image: {
      path,
      fileSize,
      digest,
      hurry: (range: { offset: number; length: number }) => void early.push(range),
      async arrived({ offset, length }: { offset: number; length: number }) {
        const isEarly = early.some(
          (one) => one.offset <= offset && one.offset + one.length >= offset + length,
        );
        while (!isEarly && offset + length > position) await advanced.promise;
      },
    },
    fileSize,
    until(bytes: number) {
      position = bytes;
      advanced.resolve();
      advanced = Promise.withResolvers();
    },
  };
}

const partBytes = 4 * mib;

/** Asks for as many ranges of the file at once as there are; `made` has those that have come. */
function startMaking({ file }: Pick<ArrivingDisk | MadeDisk, 'file'>) {
  const made = new Map<number, Buffer>();
  const size = 'size' in file ? file.size : file.maxSize;
  const ranges = Array.from({ length: Math.ceil(size / partBytes) }, (_, index) => ({
    start: index * partBytes,
    end: Math.min((index + 1) * partBytes, size),
  }));
  const all = ranges.map(async (range) => {
    const part = await file.make(range, { buffer: new SharedArrayBuffer(partBytes) });
    if (part) made.set(range.start, part.bytes);
  });
  return {
    made,
    ended: Promise.all(all).then(() => Buffer.concat(ranges.flatMap(({ start }) => made.get(start) ?? []))),
  };
}

const bytesOf = (disk: MadeDisk): Promise<Buffer> => startMaking(disk).ended;

describe.for(['vhdx', 'vhd', 'vmdk'] as const)('a %s of an image that is still arriving', (format) => {
  test.for(['raw', 'qcow2'] as const)(
    'is the one of the whole image: %s',
    async (kind, { directory, raw, qcow2 }) => {
      const path = { raw, qcow2 }[kind];
      const output = join(directory, 'out');
      await using whole = await makeDisk({ image: { path, digest }, format, output });
      const bytes = await bytesOf(whole!);
      const { image, fileSize, until } = await arrivingFile(path);
      const making = makeArrivingDisk({ image, format });
      until(fileSize - 512);
      await using disk = (await making)!;
      expect(disk).toMatchObject({ format, virtualSize });
      const { made, ended } = startMaking(disk);
      // All but what the last bytes of the image are in, and of a raw one the head, which follows from all of it.
      await expect.poll(() => made.size, { timeout: 30_000 }).toBeGreaterThan(0);
      until(fileSize);
      expect((await ended).equals(bytes)).toBe(true);
    },
  );
});

test('a raw image that stays raw is sent as it is, any range once it has arrived', async ({ raw }) => {
  const { image, fileSize, until } = await arrivingFile(raw);
  const making = makeArrivingDisk({ image, format: 'raw' });
  until(fileSize - partBytes);
  await using disk = (await making)!;
  expect(disk).toMatchObject({ format: 'raw', virtualSize, isImage: true, file: { size: virtualSize } });
  const { made, ended } = startMaking(disk);
  // The last sector, where a VHD has its footer, comes out of turn.
  const there = [0, 4, 8, 12, 20].map((at) => at * mib);
  await expect.poll(() => [...made.keys()].sort((a, b) => a - b), { timeout: 30_000 }).toEqual(there);
  until(fileSize);
  expect((await ended).equals(await readFile(raw))).toBe(true);
});

test.for(['raw', 'qcow2'] as const)(
  'a %s that gets its final name meanwhile is read all the same',
  async (kind, { raw, qcow2 }) => {
    const path = { raw, qcow2 }[kind];
    const { image, fileSize, until } = await arrivingFile(path);
    until(fileSize);
    let renaming: Promise<void> | undefined;
    const finishing = {
      ...image,
      async arrived() {
        renaming ??= rename(path, `${path}.finished`);
        await renaming;
      },
    };
    await using disk = await makeArrivingDisk({ image: finishing, format: 'vhdx' });
    expect(disk).toMatchObject({ virtualSize });
    const { ended } = startMaking(disk!);
    expect((await ended).length).toBeGreaterThan(5 * mib);
    // The next one finds nothing under the old name: for it the image is there already.
    expect(await makeArrivingDisk({ image, format: 'vhdx' })).toBeUndefined();
  },
);

test('what is nearly all zeros is fetched out of turn, and ready before what precedes it', async ({
  directory,
}) => {
  const raw = join(directory, 'tail.raw');
  await makeRawDisk(raw, { size: 128 * mib, random: 20 * mib });
  await using file = await open(raw, 'r+');
  await file.write(Buffer.alloc(512, 7), 0, 512, 128 * mib - 512);
  const path = join(directory, 'tail.qcow2');
  await qemuImg('convert', '-f', 'raw', '-O', 'qcow2', raw, path);
  const { image } = await arrivingFile(path);
  await using disk = (await makeArrivingDisk({ image, format: 'vhdx' }))!;
  const arriving = disk.file as PlannedFile & RangeArrivals;
  const last = { start: arriving.size - partBytes, end: arriving.size };
  await arriving.early(last, {});
  const { bytes } = await arriving.make(last, { buffer: new SharedArrayBuffer(partBytes) });
  expect(bytes.includes(Buffer.alloc(512, 7))).toBe(true);
  expect(arriving.early({ start: 8 * mib, end: 8 * mib + partBytes }, {})).toBeUndefined();
});

describe('an image that has to be there first', () => {
  test.for([
    ['a raw disk that is to be a raw disk of whole sectors', 'raw', 'raw', undefined, 100],
    ['one for qemu-img', 'qcow2', 'vhdx', 'qemu-img', 0],
  ] as const)('%s', async ([_, kind, format, converter, cut], { raw, qcow2 }) => {
    await truncate(raw, virtualSize - cut);
    const { image, fileSize, until } = await arrivingFile({ raw, qcow2 }[kind]);
    until(fileSize);
    expect(await makeArrivingDisk({ image, format, converter })).toBeUndefined();
  });

  test('a VHD, known by its end, and a packed one, known by its beginning', async ({ directory, raw }) => {
    const vhd = join(directory, 'disk.vhd');
    // Of a fixed one, the footer is all that there is beside the disk.
    const footer = Buffer.alloc(512);
    footer.write('conectix');
    await writeFile(vhd, Buffer.concat([await readFile(raw), footer]));
    const xz = join(directory, 'disk.raw.xz');
    await writeFile(xz, Buffer.concat([Buffer.from('fd377a585a0000', 'hex')], 4096));
    for (const path of [vhd, xz]) {
      const { image, fileSize, until } = await arrivingFile(path);
      until(fileSize);
      expect(await makeArrivingDisk({ image, format: 'vhdx' })).toBeUndefined();
    }
  });

  test.for(['vhdx', 'vhd', 'vmdk', 'raw'] as const)(
    'a qcow2 that holds more data than the limit, and takes long to count to its end: for %s',
    async (format, { directory }) => {
      const path = join(directory, 'dense.qcow2');
      // No disk is too large for its format.
      await makeDenseQcow2({
        path,
        sizeBytes: format === 'vhdx' || format === 'raw' ? 16 * 2 ** 40 : 2000 * 2 ** 30,
      });
      const { image, fileSize, until } = await arrivingFile(path);
      until(fileSize);
      expect(await makeArrivingDisk({ image, format })).toBeUndefined();
      expect(await openArrivingImage({ image })).toBeUndefined();
      await using taken = await makeArrivingDisk({ image, format, maxDiskSize: 16 * 2 ** 40 });
      expect(taken).toMatchObject({ format });
    },
  );
});
