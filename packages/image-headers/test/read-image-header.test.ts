import { bufferSource, type ImageHeaderCode, readImageHeader } from '@ec2-image/image-headers';
import { describe, expect, test } from 'vitest';
import { buildQcow2 } from './build/qcow2.ts';
import { buildVhd } from './build/vhd.ts';
import { buildVhdx } from './build/vhdx.ts';
import { buildVmdk, descriptorOf } from './build/vmdk.ts';

const mib = 1024 ** 2;
const gib = 1024 ** 3;
const maxU64 = 2n ** 64n - 1n;
const read = (bytes: Buffer) => readImageHeader(bufferSource(bytes));

/** Images by hand, so that each differs from a good one in the one thing its name says. */
type Cases = readonly (readonly [name: string, image: Buffer])[];
const refuses = (code: ImageHeaderCode, cases: Cases) => {
  test.each(cases)(`${code}: %s`, async (_, image) => {
    await expect(read(image)).rejects.toMatchObject({
      name: 'ImageHeaderError',
      code,
      hint: expect.stringMatching(/./),
    });
  });
};

describe('raw', () => {
  test('what has no signature is a raw disk, of whole sectors', async () => {
    expect(await read(Buffer.alloc(mib))).toEqual({ format: 'raw', virtualSize: mib });
    expect(await read(Buffer.alloc(1025))).toEqual({ format: 'raw', virtualSize: 1536 });
  });
  refuses('UNKNOWN_FORMAT', [['less than a sector', Buffer.from([0, 1, 2])]]);
  refuses('TRUNCATED_IMAGE', [['an empty file', Buffer.alloc(0)]]);
  test('DISK_TOO_LARGE: a file of exabytes', async () => {
    const source = { size: 2 ** 53 - 1, read: async (_: number, length: number) => Buffer.alloc(length) };
    await expect(readImageHeader(source)).rejects.toMatchObject({ code: 'DISK_TOO_LARGE' });
  });
});

describe('qcow2', () => {
  test.each([
    ['version 3', {}],
    ['version 2', { version: 2 }],
    ['a header of the shortest length', { headerLength: 104 }],
    ['an internal snapshot', { snapshots: { offset: 3n * 65_536n, count: 1 } }],
    ['512-byte clusters', { clusterBits: 9, virtualSize: BigInt(mib) }],
    ['2 MiB clusters', { clusterBits: 21 }],
    ['a dirty image, whose refcounts are not read', { incompatible: 1n, usedClusters: 100 }],
    ['zstd clusters', { incompatible: 8n, compressionType: 1 }],
    ['an unknown extension', { extensions: [{ type: 0x1234, data: Buffer.from('hello') }] }],
    [
      'the name of a backing format, without a backing file',
      { extensions: [{ type: 0xe2792aca, data: Buffer.from('raw') }] },
    ],
  ])('takes %s', async (_, options) => {
    const virtualSize = 'virtualSize' in options ? Number(options.virtualSize) : gib;
    expect(await read(buildQcow2(options))).toEqual({ format: 'qcow2', virtualSize });
  });

  refuses('UNSUPPORTED_IMAGE', [
    [
      'a disk that ends inside a sector, which qemu would cut off',
      buildQcow2({ virtualSize: BigInt(mib + 256) }),
    ],
  ]);
  refuses('BACKING_FILE', [
    ['a backing file', buildQcow2({ backing: { offset: 512n, length: 11, name: '/etc/passwd' } })],
    ['a backing file without a name', buildQcow2({ backing: { offset: 512n, length: 0 } })],
    [
      'a backing file named outside the file',
      buildQcow2({ backing: { offset: maxU64, length: 0xffffffff } }),
    ],
    [
      'a backing file in version 2',
      buildQcow2({ version: 2, backing: { offset: 512n, length: 3, name: 'nbd' } }),
    ],
  ]);
  test('the name of a backing file is shown in one line, short, without credentials', async () => {
    const name = `https://user:secret@host/x?token=abc\n\x1b[31m${'é'.repeat(900)}`;
    const image = buildQcow2({ backing: { offset: 512n, length: 1023, name } });
    const error = await read(image).catch((thrown: Error) => thrown);
    expect((error as Error).message).toMatch(/^[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u);
    expect((error as Error).message).toContain('https://host/x');
    expect((error as Error).message).not.toMatch(/secret|abc/);
  });

  const dataFile = { type: 0x44415441, data: Buffer.from('/etc/shadow') };
  refuses('EXTERNAL_DATA_FILE', [
    ['the feature bit', buildQcow2({ incompatible: 4n })],
    ['the header extension, its feature bit clear', buildQcow2({ extensions: [dataFile] })],
    [
      'the header extension behind another',
      buildQcow2({ extensions: [{ type: 1, data: Buffer.alloc(5) }, dataFile] }),
    ],
    ['the header extension in version 2', buildQcow2({ version: 2, extensions: [dataFile] })],
  ]);
  refuses('ENCRYPTED_IMAGE', [
    ['AES', buildQcow2({ cryptMethod: 1 })],
    ['LUKS', buildQcow2({ cryptMethod: 2 })],
    ['an unknown method', buildQcow2({ cryptMethod: 77 })],
    [
      'an encryption header alone',
      buildQcow2({ extensions: [{ type: 0x0537be77, data: Buffer.alloc(16) }] }),
    ],
  ]);
  refuses('UNSUPPORTED_IMAGE', [
    ['version 1', buildQcow2({ version: 1 })],
    ['version 4', buildQcow2({ version: 4 })],
    ['an unknown incompatible feature', buildQcow2({ incompatible: 1n << 63n })],
    ['an unknown compression', buildQcow2({ incompatible: 8n, compressionType: 2 })],
    [
      'subclusters below a sector',
      buildQcow2({ incompatible: 16n, clusterBits: 13, virtualSize: BigInt(mib) }),
    ],
    ['more snapshots than any tool makes', buildQcow2({ snapshots: { offset: 0n, count: 70_000 } })],
  ]);
  refuses('CORRUPT_IMAGE', [
    ['the corrupt bit', buildQcow2({ incompatible: 2n })],
    ['zstd without its feature bit', buildQcow2({ compressionType: 1 })],
    ['deflate with the feature bit of another compression', buildQcow2({ incompatible: 8n })],
    ['no refcount table', buildQcow2({ refcountTableClusters: 0 })],
    ['a refcount table inside a cluster', buildQcow2({ refcountTableOffset: 65_536n + 512n })],
    ['an L1 table inside a cluster', buildQcow2({ l1Offset: 65_536n + 512n })],
    ['a snapshot table inside a cluster', buildQcow2({ snapshots: { offset: 512n, count: 1 } })],
    ['an empty snapshot table beyond any file', buildQcow2({ snapshots: { offset: 1n << 63n, count: 0 } })],
    [
      'a backing format longer than QEMU takes',
      buildQcow2({ extensions: [{ type: 0xe2792aca, data: Buffer.alloc(16, 'r') }] }),
    ],
    ['clusters of 2^8', buildQcow2({ clusterBits: 8 })],
    ['clusters of 2^22', buildQcow2({ clusterBits: 22 })],
    ['clusters of 2^(2^32)', buildQcow2({ clusterBits: 0xffffffff })],
    ['a header longer than a cluster', buildQcow2({ headerLength: 65544 })],
    ['a header too short', buildQcow2({ headerLength: 103 })],
    [
      'an extension longer than the cluster',
      buildQcow2({ extensions: [{ type: 9, data: Buffer.alloc(8), length: 0xffffffff }] }),
    ],
    ['an L1 table of 32 GiB', buildQcow2({ l1Entries: 0xffffffff })],
    ['an L1 table too short for the disk', buildQcow2({ l1Entries: 1 })],
    ['a refcount table of 16 MiB', buildQcow2({ refcountTableClusters: 256 })],
    ['refcounts of 2^7 bits', buildQcow2({ refcountOrder: 7 })],
  ]);
  refuses('TRUNCATED_IMAGE', [
    ['a header cut short', buildQcow2().subarray(0, 60)],
    ['a snapshot table outside the file', buildQcow2({ snapshots: { offset: 1n << 40n, count: 1 } })],
    ['an L1 table outside the file', buildQcow2({ l1Offset: maxU64 - 7n })],
    ['a refcount table outside the file', buildQcow2({ refcountTableOffset: 2n ** 62n })],
    ['a cluster in use beyond the end', buildQcow2({ usedClusters: 5 })],
    ['the last cluster missing', buildQcow2().subarray(0, 3 * 65536)],
  ]);
  refuses('DISK_TOO_LARGE', [
    ['a disk of 16 exabytes', buildQcow2({ virtualSize: maxU64, l1Entries: 1 })],
    ['a byte above 64 TiB', buildQcow2({ virtualSize: 64n * 1024n ** 4n + 1n, l1Entries: 1 })],
  ]);
});

describe('VMDK', () => {
  test.each([
    ['monolithicSparse', {}],
    [
      'streamOptimized, its directory in front',
      { descriptor: descriptorOf({ createType: 'streamOptimized' }), compression: 1, version: 3 },
    ],
    [
      'streamOptimized with a footer',
      { descriptor: descriptorOf({ createType: 'streamOptimized' }), compression: 1, version: 3, footer: {} },
    ],
    ['CRLF in the descriptor', { descriptor: descriptorOf({}).replaceAll('\n', '\r\n') }],
    ['an upper-case parentCID', { descriptor: descriptorOf({ parentCid: 'FFFFFFFF' }) }],
    [
      'a read-only extent',
      { descriptor: descriptorOf({ extents: ['RDONLY 65536 SPARSE "generated-stream.vmdk"'] }) },
    ],
  ])('takes %s', async (_, options) => {
    expect(await read(buildVmdk(options))).toEqual({ format: 'vmdk', virtualSize: 32 * mib });
  });

  const sparse = 'RW 65536 SPARSE "disk.vmdk"';
  const withDescriptor = (
    descriptor: Parameters<typeof descriptorOf>[0],
    more: Parameters<typeof buildVmdk>[0] = {},
  ) => buildVmdk({ ...more, descriptor: descriptorOf(descriptor) });
  const flat = descriptorOf({ createType: 'monolithicFlat', extents: ['RW 65536 FLAT "/etc/passwd" 0'] });
  refuses('VMDK_NOT_SELF_CONTAINED', [
    ['a text descriptor that names a host file', Buffer.from(flat)],
    ['the same without its first comment', Buffer.from(flat.replace(/^#.*\n/, ''))],
    ['the same behind comments and blank lines', Buffer.from(`# x\n  \n${flat.replace(/^#.*\n/, '')}`)],
    [
      'a capacity of 0, which makes QEMU follow the descriptor',
      buildVmdk({ capacity: 0n, descriptor: flat }),
    ],
    ['a capacity of 0 with a harmless descriptor', buildVmdk({ capacity: 0n })],
    ['a capacity of 0 in the footer alone', buildVmdk({ footer: { capacity: 0n } })],
    [
      'a header whose capacity is 0, before a footer',
      buildVmdk({ capacity: 0n, footer: { capacity: 65536n } }),
    ],
    ['no descriptor', buildVmdk({ descriptorSector: 0n, descriptorSectors: 0n })],
    ['a descriptor elsewhere', buildVmdk({ descriptorSector: 30n })],
    ['an empty descriptor', buildVmdk({ descriptor: '' })],
    ['type monolithicFlat', withDescriptor({ createType: 'monolithicFlat' })],
    ['type twoGbMaxExtentSparse', withDescriptor({ createType: 'twoGbMaxExtentSparse' })],
    ['type vmfs', withDescriptor({ createType: 'vmfs' })],
    ['two types', withDescriptor({ more: 'createType="monolithicFlat"' })],
    ['no extent', withDescriptor({ extents: [] })],
    ['two extents', withDescriptor({ extents: [sparse, 'RW 65536 SPARSE "b.vmdk"'] })],
    ['a flat extent', withDescriptor({ extents: ['RW 65536 FLAT "disk-flat.vmdk" 0'] })],
    ['a flat extent besides', withDescriptor({ extents: [sparse, ' RW 1 FLAT "/etc/passwd" 0'] })],
    ['an extent whose quote is not closed', withDescriptor({ extents: [sparse, 'RW 1 FLAT "/etc/passwd'] })],
    ['an absolute path', withDescriptor({ extents: ['RW 65536 SPARSE "/etc/passwd"'] })],
    ['a path upwards', withDescriptor({ extents: ['RW 65536 SPARSE "../../secret"'] })],
    ['a Windows path', withDescriptor({ extents: ['RW 65536 SPARSE "c:\\\\secret"'] })],
    ['a protocol', withDescriptor({ extents: ['RW 65536 SPARSE "nbd:localhost:10809"'] })],
    ['the name ..', withDescriptor({ extents: ['RW 65536 SPARSE ".."'] })],
  ]);
  test('blocks at the same place would unfold to more than the file holds', async () => {
    const five = { blockSize: mib, batEntry: (3n << 20n) | 6n, batEntries: 5 };
    await expect(read(buildVhdx(five))).rejects.toMatchObject({ code: 'CORRUPT_IMAGE' });
    expect(await read(buildVhdx({ ...five, batEntries: 4 }))).toMatchObject({ virtualSize: gib });
    await expect(read(buildVhd({ blocks: 2, blockSize: 2 * mib }))).rejects.toMatchObject({
      code: 'CORRUPT_IMAGE',
    });
  });

  refuses('DIFFERENCING_DISK', [
    ['a parent by id', withDescriptor({ parentCid: '12345678' })],
    ['a parent by name', withDescriptor({ more: 'parentFileNameHint="base.vmdk"' })],
    [
      'a parent named in a comment, which QEMU follows',
      withDescriptor({ more: '#parentFileNameHint="base.vmdk"' }),
    ],
    ['a second, other parent id', withDescriptor({ more: 'parentCID=1' })],
    [
      'a parent behind the descriptor of one sector',
      withDescriptor(
        { more: `${'# padding\n'.repeat(60)}parentFileNameHint="x"` },
        { descriptorSectors: 1n },
      ),
    ],
  ]);
  refuses('CORRUPT_IMAGE', [
    ['line ends changed on the way', buildVmdk({ lineEnds: '\n \n\n' })],
    ['a descriptor of 1 EiB', buildVmdk({ descriptorSectors: 2n ** 51n })],
    ['grains of 0', buildVmdk({ grainSectors: 0n })],
    ['grains of 3 sectors', buildVmdk({ grainSectors: 3n })],
    ['grains of 8 ZiB', buildVmdk({ grainSectors: 2n ** 63n })],
    ['grain tables of 0 entries', buildVmdk({ entriesPerTable: 0 })],
    ['grain tables of 4 billion entries', buildVmdk({ entriesPerTable: 0xffffffff })],
    [
      'a directory of 137 billion tables',
      buildVmdk({ capacity: 2n ** 37n, grainSectors: 1n, entriesPerTable: 1 }),
    ],
  ]);
  refuses('UNSUPPORTED_IMAGE', [
    ['version 0', buildVmdk({ version: 0 })],
    ['version 4', buildVmdk({ version: 4 })],
    ['an unknown compression', buildVmdk({ compression: 2 })],
  ]);
  refuses('TRUNCATED_IMAGE', [
    ['a header cut short', buildVmdk().subarray(0, 100)],
    ['a descriptor cut short', buildVmdk().subarray(0, 1024)],
    ['a grain beyond the end', buildVmdk({ lastGrain: 0xffffffff })],
    ['its last grain missing', buildVmdk().subarray(0, 128 * 512)],
    ['a directory outside the file', buildVmdk({ directorySector: 2n ** 54n })],
    ['a stream without its footer', buildVmdk({ footer: {} }).subarray(0, -1536)],
    ['a footer without its marker', buildVmdk({ footer: { marker: 2 } })],
  ]);
  refuses('DISK_TOO_LARGE', [['a capacity of 8 ZiB', buildVmdk({ capacity: 2n ** 64n - 1n })]]);
});

describe('VHD', () => {
  test.each([
    ['dynamic', {}, 8 * mib],
    ['fixed', { kind: 'fixed' }, 8 * mib],
    [
      'with a size of no whole sectors, whose last bytes no disk has',
      { currentSize: 8n * 1024n ** 2n - 1n },
      8 * mib - 512,
    ],
  ] as const)('takes one %s', async (_, options, virtualSize) => {
    const image = buildVhd(options);
    expect(await read(image)).toEqual({
      format: 'vhd',
      virtualSize,
      vhdSizeRule: 'current_size',
      maxDataBytes: image.length,
    });
  });

  const geometry = [240, 4, 17] as const;
  test.each(['win ', 'wa\0\0', 'vbox', 'VMW ', 'qem2', 'd2v ', 'tap\0', 'CTXS', '\0\0\0\0', 'vpc\0', 'QEMU'])(
    'of creator %j has its current size, dynamic or fixed',
    async (creator) => {
      for (const kind of ['dynamic', 'fixed'] as const)
        expect(await read(buildVhd({ kind, creator, geometry }))).toMatchObject({
          virtualSize: 8 * mib,
          vhdSizeRule: 'current_size',
        });
    },
  );
  test.each(['vpc ', 'qemu'])(
    'of creator %j has the size of its geometry, unless that is the largest',
    async (creator) => {
      const sized = { virtualSize: 240 * 4 * 17 * 512, vhdSizeRule: 'chs' };
      expect(await read(buildVhd({ creator, geometry }))).toMatchObject(sized);
      expect(await read(buildVhd({ kind: 'fixed', creator, geometry }))).toMatchObject(sized);
      expect(await read(buildVhd({ creator }))).toMatchObject({ virtualSize: 8 * mib, vhdSizeRule: 'chs' });
    },
  );

  refuses('DIFFERENCING_DISK', [
    ['type 4', buildVhd({ type: 4 })],
    ['type 4 in the footer alone', buildVhd({ trailingType: 4 })],
    ['type 4 without a header', buildVhd({ kind: 'fixed', type: 4 })],
  ]);
  refuses('UNSUPPORTED_IMAGE', [
    ['type 5', buildVhd({ type: 5 })],
    ['a fixed disk with a header', buildVhd({ type: 2 })],
    ['a dynamic disk without one', buildVhd({ kind: 'fixed', type: 3 })],
  ]);
  refuses('CORRUPT_IMAGE', [
    ['a wrong checksum', buildVhd({ checksumOff: 1 })],
    ['a disk above 2040 GiB', buildVhd({ currentSize: 2n ** 62n })],
    ['blocks of 3 bytes', buildVhd({ blockSize: 3 })],
    ['blocks of 0 bytes', buildVhd({ blockSize: 0 })],
    ['too few blocks', buildVhd({ tableEntries: 3 })],
    ['no dynamic header where it says', buildVhd({ dynamicHeaderOffset: 0n })],
  ]);
  refuses('TRUNCATED_IMAGE', [
    ['a header alone', buildVhd().subarray(0, 300)],
    ['no footer', buildVhd({ withoutTrailer: true })],
    ['a dynamic header outside the file', buildVhd({ dynamicHeaderOffset: maxU64 })],
    ['a table outside the file', buildVhd({ tableOffset: maxU64 - 3n })],
    ['a fixed disk shorter than it says', buildVhd({ kind: 'fixed', currentSize: 16n * 1024n ** 2n })],
  ]);
});

describe('VHDX', () => {
  test.each([
    ['dynamic', {}],
    ['fixed', { flags: 1 }],
    ['with its first header damaged', { damage: [64 * 1024 + 100] }],
    ['with its second header damaged', { damage: [128 * 1024 + 100] }],
    ['with two equal headers', { sequences: [3n, 3n] }],
    ['with an unknown region that may be ignored', { unknownRegion: { required: false } }],
  ] as const)('takes one %s', async (_, options) => {
    const image = buildVhdx(options);
    expect(await read(image)).toEqual({ format: 'vhdx', virtualSize: gib, maxDataBytes: image.length });
  });

  refuses('DIFFERENCING_DISK', [
    ['the parent flag', buildVhdx({ flags: 2, withParentLocator: true })],
    ['the parent flag without a locator', buildVhdx({ flags: 2 })],
    ['a locator without the flag', buildVhdx({ withParentLocator: true })],
  ]);
  refuses('DIRTY_IMAGE', [['a log to be replayed', buildVhdx({ logGuid: '11'.repeat(16) })]]);
  refuses('UNSUPPORTED_IMAGE', [
    ['sectors of 4096 bytes', buildVhdx({ sectorSize: 4096 })],
    ['a required region that is not known', buildVhdx({ unknownRegion: { required: true } })],
  ]);
  refuses('CORRUPT_IMAGE', [
    ['both headers damaged', buildVhdx({ damage: [64 * 1024 + 9, 128 * 1024 + 9] })],
    ['headers of version 2', buildVhdx({ version: 2 })],
    ['a damaged region table', buildVhdx({ damage: [192 * 1024 + 20] })],
    ['a region table of 4 billion entries', buildVhdx({ regionCount: 0xffffffff })],
    ['no allocation table', buildVhdx({ withoutBat: true })],
    ['a metadata table of 65535 entries', buildVhdx({ metadataCount: 0xffff })],
    ['no metadata items', buildVhdx({ metadataCount: 0 })],
    ['blocks of 3 MiB', buildVhdx({ blockSize: 3 * mib })],
    ['blocks of 512 MiB', buildVhdx({ blockSize: 512 * mib })],
    ['a size of no sectors', buildVhdx({ virtualSize: 513n })],
    ['a size of 0', buildVhdx({ virtualSize: 0n })],
    ['a disk larger than its table', buildVhdx({ virtualSize: 2n ** 45n, blockSize: mib })],
  ]);
  refuses('TRUNCATED_IMAGE', [
    ['less than its header section', buildVhdx().subarray(0, mib - 1)],
    ['metadata outside the file', buildVhdx({ metadataOffset: maxU64 })],
    ['an item outside the file', buildVhdx({ itemOffset: 0xffffffff })],
    ['its allocation table missing', buildVhdx().subarray(0, 3 * mib)],
    ['a block beyond the end', buildVhdx({ batEntry: (4n << 20n) | 6n })],
    ['a block at 16 EiB', buildVhdx({ batEntry: maxU64 & ~1n })],
  ]);
  refuses('DISK_TOO_LARGE', [['a disk of 16 EiB', buildVhdx({ virtualSize: maxU64 - 511n })]]);
});

test.each([
  ['a head of line ends', Buffer.from('\n'.repeat(4096))],
  ['a head of comments', Buffer.from('#\n'.repeat(2048))],
  [
    'a descriptor of 1 MiB of short lines',
    buildVmdk({ descriptor: 'a=\n'.repeat(340_000), descriptorSectors: 2048n, bodySectors: 4096 }),
  ],
  [
    'a descriptor of one line of 1 MiB',
    buildVmdk({ descriptor: 'a '.repeat(500_000), descriptorSectors: 2048n, bodySectors: 4096 }),
  ],
  [
    'a descriptor of quotes',
    buildVmdk({ descriptor: 'a "'.repeat(340_000), descriptorSectors: 2048n, bodySectors: 4096 }),
  ],
])('text made to be slow is read fast: %s', async (_, image) => {
  const start = performance.now();
  await expect(read(image)).rejects.toMatchObject({ name: 'ImageHeaderError' });
  expect(performance.now() - start).toBeLessThan(1000);
});

describe('what is not a disk image', () => {
  refuses('HTML_PAGE', [
    ['a page', Buffer.from('<!DOCTYPE html>\n<html><body>Sign in</body></html>')],
    ['a page without a doctype', Buffer.from('\ufeff  <HTML lang="en">')],
    ['XHTML', Buffer.from('<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN">')],
    ['a page behind a comment', Buffer.from('<!-- saved -->\n<head>')],
  ]);
  refuses('TEXT_FILE', [
    [
      'an S3 error',
      Buffer.from('<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code></Error>'),
    ],
    ['a checksum file', Buffer.from(`SHA256 (a.qcow2) = ${'0'.repeat(64)}\n`)],
    ['JSON', Buffer.from(`{"error": "${'not found '.repeat(100)}"}`)],
  ]);
  const padded = (head: string, at = 0) =>
    Buffer.concat([Buffer.alloc(at), Buffer.from(head, 'latin1'), Buffer.alloc(mib)]);
  refuses('COMPRESSED_IMAGE', [
    ['gzip', padded('\x1f\x8b\x08')],
    ['bzip2', padded('BZh91AY&SY')],
    ['xz', padded('\xfd7zXZ\0')],
    ['zstd', padded('\x28\xb5\x2f\xfd')],
    ['zstd behind a skippable frame', padded('\x5e\x2a\x4d\x18')],
  ]);
  refuses('ENCRYPTED_IMAGE', [['LUKS', padded('LUKS\xba\xbe')]]);
  refuses('UNSUPPORTED_FORMAT', [
    ['VDI', padded('\x7f\x10\xda\xbe', 64)],
    ['QED', padded('QED\0')],
    ['Parallels', padded('WithoutFreeSpace')],
    ['ISO 9660', padded('CD001', 0x8001)],
    ['tar', padded('ustar', 257)],
    ['zip', padded('PK\x03\x04')],
    ['an ESX extent', padded('COWD')],
    ['a seSparse extent', padded('\xbe\xba\xfe\xca\0\0\0\0')],
  ]);
});
