import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, type TestAccount } from '../support/account.ts';
import { compareRaw, type Disk, type Format, putObject } from './disks.ts';
import { ended, input, start, testWithDisk, workFiles } from './imports.ts';
import { sealedVhd, sealedVhdx } from './sealed.ts';
import { type StreamedVmdk, streamedVmdk } from './streamed-vmdk.ts';

const test = testWithDisk();
const seed = Number(process.env.EC2_IMAGE_SEED ?? Math.floor(Math.random() * 1e9));
const mib = 1024 ** 2;

async function importOf(account: TestAccount, format: Format, image: Buffer) {
  await putObject(account.s3, 'damaged', image);
  const detail = await ended(account, await start(account, input('damaged', format)));
  expect(workFiles(account)).toEqual([]);
  return detail;
}

function failure(reason: RegExp) {
  return { Status: 'deleted', StatusMessage: expect.stringMatching(reason) };
}

const refused = /^ClientError: Disk validation failed \[/;

/** Each differs from a good image in the one thing that its name says. */
function refuses<Image>(
  format: Format,
  make: (disk: Disk) => Promise<Image>,
  cases: readonly (readonly [name: string, change: (image: Image) => Buffer])[],
): void {
  test.for(cases)(`fails: a ${format} with %s`, async ([, change], { account, disk }) => {
    const damaged = new RegExp(`^ClientError: Disk validation failed \\[The ${format} disk is damaged\\]$`);
    expect(await importOf(account, format, change(await make(disk)))).toMatchObject(failure(damaged));
  });
}

function edited(image: Buffer, edit: (image: Buffer) => void): Buffer {
  const copy = Buffer.from(image);
  edit(copy);
  return copy;
}

const change = (edit: (image: Buffer) => void) => (image: Buffer) => edited(image, edit);

describe('an import of a VHD', () => {
  const sealed = (edit: (image: Buffer) => void) => (image: Buffer) => sealedVhd(edited(image, edit));
  const header = 512;
  const table = 1536;

  refuses('VHD', (disk) => disk.as('VHD'), [
    ['a wrong checksum of its dynamic header', change((image) => void image.writeUInt8(1, header + 1000))],
    ['a copy of the footer that differs', sealed((image) => void image.writeUInt8(9, 40))],
    ['a format version that is not known', sealed((image) => setInFooters(image, 12, 3))],
    ['a dynamic header of another version', sealed((image) => void image.writeUInt16BE(2, header + 24))],
    ['its table over its dynamic header', sealed((image) => image.writeBigUInt64BE(1024n, header + 16))],
    ['a block beyond the end', change((image) => void image.writeUInt32BE(image.length / 512 - 9, table))],
    ['a block over the table', change((image) => void image.writeUInt32BE(3, table))],
    [
      'a block over the footer',
      change((image) => void image.writeUInt32BE(image.readUInt32BE(table + 4) + 1, table + 4)),
    ],
    ['two blocks at one place', change((image) => image.copyWithin(table, table + 4, table + 8))],
    [
      'blocks that overlap',
      change((image) => void image.writeUInt32BE(image.readUInt32BE(table) + 1, table)),
    ],
    [
      'a sector of data that its bitmap does not know of',
      change((image) => {
        const bitmap = image.readUInt32BE(table) * 512;
        image[bitmap]! &= 0x7f;
      }),
    ],
  ]);
  const fixed = ['-O', 'vpc', '-o', 'subformat=fixed,force_size=on'];
  refuses('VHD', (disk) => disk.as(fixed), [
    [
      'bytes between a fixed disk and its footer',
      (image) => Buffer.concat([image.subarray(0, -512), Buffer.alloc(512), image.subarray(-512)]),
    ],
  ]);

  test('takes a block whose bitmap leaves out zeros', async ({ account, disk }) => {
    const image = await disk.as('VHD');
    const bitmap = image.readUInt32BE(table) * 512;
    const [zeroSector, bit] = [1000, 0x80];
    expect(image[bitmap + zeroSector / 8]! & bit).toBe(bit);
    image[bitmap + zeroSector / 8]! ^= bit;
    expect(await importOf(account, 'VHD', image)).toMatchObject({ Status: 'completed' });
  });
});

function setInFooters(image: Buffer, at: number, byte: number): void {
  image[at] = byte;
  image[image.length - 512 + at] = byte;
}

describe('an import of a VHDX', () => {
  const sealed = (edit: (image: Buffer) => void) => (image: Buffer) => sealedVhdx(edited(image, edit));
  const regionTables = [192 * 1024, 256 * 1024];
  const inHeaders = (edit: (image: Buffer, at: number) => void) =>
    sealed((image) => [64 * 1024, 128 * 1024].forEach((at) => void edit(image, at)));
  const inRegions = (edit: (image: Buffer, at: number) => void) =>
    sealed((image) => regionTables.forEach((at) => void edit(image, at)));
  const bat = 2 * mib;
  const metadata = 3 * mib;

  refuses('VHDX', (disk) => disk.as('VHDX'), [
    ['a log that is not at a whole MiB', inHeaders((image, at) => image.writeBigUInt64LE(512n, at + 72))],
    ['a log beyond the end', inHeaders((image, at) => image.writeBigUInt64LE(2n ** 40n, at + 72))],
    ['a log over its table', inHeaders((image, at) => image.writeBigUInt64LE(BigInt(bat), at + 72))],
    ['another log version', inHeaders((image, at) => image.writeUInt16LE(1, at + 64))],
    [
      'region tables that differ',
      sealed((image) => void image.writeUInt32LE(2 * mib, regionTables[1]! + 16 + 24)),
    ],
    [
      // Read as a table, a log of zeros is one of a disk without blocks.
      'its table over its log',
      inRegions((image, at) => image.fill(0, mib, bat).writeBigUInt64LE(BigInt(mib), at + 16 + 16)),
    ],
    ['a metadata item of another length', change((image) => void image.writeUInt32LE(4, metadata + 32 + 20))],
    ['a metadata item with other flags', change((image) => void image.writeUInt32LE(0, metadata + 32 + 24))],
    [
      'a required item that is not known',
      change((image) => {
        image.writeUInt16LE(6, metadata + 10);
        image.writeUInt32LE(4, metadata + 32 + 5 * 32 + 24);
      }),
    ],
    [
      'items that overlap',
      change((image) => image.copyWithin(metadata + 96 + 16, metadata + 128 + 16, metadata + 128 + 20)),
    ],
    ['a block state that is reserved', change((image) => void image.writeUInt8(5, bat))],
    ['a block present in part', change((image) => void image.writeUInt8(7, bat))],
    ['reserved bits set in its table', change((image) => void image.writeUInt8(1, bat + 1))],
    ['a block over the metadata', change((image) => image.writeBigUInt64LE(BigInt(metadata) | 6n, bat))],
    ['two blocks at one place', change((image) => image.copyWithin(bat, bat + 8, bat + 16))],
    ['bytes behind its end', (image) => Buffer.concat([image, Buffer.alloc(512)])],
  ]);
});

describe('an import of a VMDK', () => {
  const streamed = async (disk: Disk) => streamedVmdk(await disk.as('VMDK'));
  const changeStreamed = (edit: (image: Buffer, places: StreamedVmdk) => void) => (places: StreamedVmdk) =>
    edited(places.image, (image) => edit(image, places));

  test('takes one with its tables behind the grains, and a footer', async ({ account, disk }) => {
    const detail = await importOf(account, 'VMDK', (await streamed(disk)).image);
    expect(detail).toMatchObject({ Status: 'completed' });
    await compareRaw(disk.rawPath, join(account.directory, 'snapshots', `${detail.SnapshotId}.raw`));
  });

  refuses('VMDK', streamed, [
    [
      'a grain of another place',
      changeStreamed((image, { grains }) => image.writeBigUInt64LE(128n, grains[0])),
    ],
    [
      'a grain that is not at a whole grain',
      changeStreamed((image, { grains }) => image.writeUInt8(1, grains[0])),
    ],
    [
      'a grain beyond the disk',
      changeStreamed((image, { grains }) => image.writeUInt32LE(2 ** 24, grains[0])),
    ],
    ['a grain too long', changeStreamed((image, { grains }) => image.writeUInt32LE(2 ** 20, grains[0]! + 8))],
    [
      'a grain whose length takes in what fills its sector up',
      changeStreamed((image, { grains }) => {
        const at = grains[0]! + 8;
        const size = image.readUInt32LE(at);
        image.writeUInt32LE(Math.ceil((12 + size) / 512) * 512 - 12, at);
      }),
    ],
    [
      'a table without one of its grains',
      changeStreamed((image, { table }) => image.writeUInt32LE(0, table)),
    ],
    [
      'a table with a grain too many',
      changeStreamed((image, { table, grains }) => image.writeUInt32LE(grains[0]! / 512, table + 4 * 30)),
    ],
    [
      'an entry behind the disk',
      changeStreamed((image, { table }) => image.writeUInt32LE(128, table + 4 * 511)),
    ],
    ['a table of another length', changeStreamed((image, { table }) => image.writeUInt8(5, table - 512))],
    [
      'a marker that is not known',
      changeStreamed((image, { table }) => image.writeUInt8(9, table - 512 + 12)),
    ],
    [
      'a directory that names no table',
      changeStreamed((image, { directory }) => image.writeUInt32LE(0, directory)),
    ],
    ['a footer of another capacity', changeStreamed((image, { footer }) => image.writeUInt8(9, footer + 12))],
    [
      'a descriptor of another capacity',
      changeStreamed((image) => image.write('RW 1', image.indexOf('RW '))),
    ],
    ['the mark of a program that did not end', changeStreamed((image) => image.writeUInt8(1, 72))],
    [
      'bytes behind the end of the stream, the footer moved there',
      ({ image }) => Buffer.concat([image.subarray(0, -1536), Buffer.alloc(512), image.subarray(-1536)]),
    ],
  ]);

  refuses('VMDK', (disk) => disk.as('VMDK'), [
    ['its last 1,024 bytes cut off', (image) => image.subarray(0, -1024)],
    ['1,024 bytes behind its end', (image) => Buffer.concat([image, Buffer.alloc(1024)])],
    [
      'a copy of its table that differs',
      change((image) => {
        const copyOfDirectory = Number(image.readBigUInt64LE(48)) * 512;
        image.writeUInt32LE(0, image.readUInt32LE(copyOfDirectory) * 512);
      }),
    ],
  ]);

  test.for([512, 1024, 1536, 2048, 70_000])(
    'fails: one with a footer, without its last %i bytes',
    async (bytes, { account, disk }) => {
      const { image } = await streamed(disk);
      expect(await importOf(account, 'VMDK', image.subarray(0, -bytes))).toMatchObject(failure(refused));
    },
  );
});

describe(`an image with one bit changed or its end cut off fails, or has the same disk (EC2_IMAGE_SEED=${seed})`, () => {
  const wholeFile = (image: Buffer) => [[0, image.length]] as const;
  const inStructures = (image: Buffer) => {
    const bitmaps = [0, 1].map((block) => image.readUInt32BE(1536 + 4 * block) * 512);
    const spans = bitmaps.map((at) => [at, at + 512] as const);
    return [[0, 1544] as const, [image.length - 512, image.length] as const, ...spans];
  };
  test.for([
    ['a VMDK of qemu-img', 'VMDK', (disk: Disk) => disk.as('VMDK'), wholeFile],
    [
      'a VMDK with a footer',
      'VMDK',
      async (disk: Disk) => streamedVmdk(await disk.as('VMDK')).image,
      wholeFile,
    ],
    ['a VHD', 'VHD', (disk: Disk) => disk.as('VHD'), inStructures],
  ] as const)('%s', async ([, format, make, spansOf], { account, disk }) => {
    const image = await make(disk);
    const at = fc
      .constantFrom(...spansOf(image))
      .chain(([first, end]) => fc.integer({ min: first, max: end - 1 }));
    const samples = fc.asyncProperty(at, fc.integer({ min: 0, max: 8 }), async (at, bit) => {
      const damaged =
        bit === 8
          ? image.subarray(0, at)
          : edited(image, (copy) => void copy.writeUInt8(copy[at]! ^ (1 << bit), at));
      const detail = await importOf(account, format, damaged);
      if (detail.Status !== 'completed') expect(detail).toMatchObject(failure(refused));
      else await compareRaw(disk.rawPath, join(account.directory, 'snapshots', `${detail.SnapshotId}.raw`));
    });
    await fc.assert(samples, { seed, numRuns: 20 });
  });
});
