import { bufferSource, readPartitionTable } from '@ec2-image/image-headers';
import { describe, expect, test } from 'vitest';
import { buildBackupGpt, buildGpt, buildMbr } from './build/partition-table.ts';

const read = (disk: Buffer) => readPartitionTable(bufferSource(disk));
const none = { type: 'none', sectorSize: 512, partitions: [], endBytes: 0 };

describe('GPT', () => {
  test('its partitions, with their type', async () => {
    expect(await read(buildGpt())).toEqual({
      type: 'gpt',
      sectorSize: 512,
      partitions: [{ offset: 1024 ** 2, size: 1024 ** 2, type: '0FC63DAF-8483-4772-8E79-3D69D8477DE4' }],
      endBytes: 2 * 1024 ** 2,
    });
  });
  test('without a protective MBR, as EC2 and EDK2 take it', async () => {
    expect(await read(buildGpt({ protectiveMbr: false }))).toMatchObject({ type: 'gpt' });
  });
  test('made for 4096-byte sectors', async () => {
    expect(await read(buildGpt({ sectorSize: 4096 }))).toMatchObject({ type: 'gpt', sectorSize: 4096 });
  });
  test.each([
    [512, 8191n, 4 * 1024 ** 2],
    [4096, 1023n, 4 * 1024 ** 2],
    [512, 2n ** 64n - 1n, 2 ** 64 * 512],
  ] as const)('its backup is in its last sector, of %i bytes', async (sectorSize, backupSector, endBytes) => {
    const partitions = [{ first: 256n, last: 511n }];
    expect(await read(buildGpt({ sectorSize, backupSector, partitions }))).toMatchObject({ endBytes });
  });
  test('entries larger than usual', async () => {
    expect((await read(buildGpt({ entrySize: 256 }))).partitions).toHaveLength(1);
  });
  const backupOf = { what: expect.any(String), hasBackup: true };
  test.each([
    ['a damaged header', buildGpt({ damage: [512 + 40] }), 'the checksum of its header is wrong'],
    ['damaged entries', buildGpt({ damage: [1024 + 33] }), 'the checksum of its entries is wrong'],
    ['a million entries', buildGpt({ entryCount: 2 ** 20 }), 'it has 1048576 entries of 128 bytes'],
    [
      'entries of 4 GiB',
      buildGpt({ entrySize: 2 ** 32 - 1, entryCount: 0, partitions: [] }),
      'it has 0 entries of 4294967295 bytes',
    ],
    [
      'entries at the end of the address space',
      buildGpt({ entriesSector: 2n ** 63n }),
      'its entries lie beyond the end of the disk',
    ],
    ['entries cut short', buildGpt().subarray(0, 2048), 'its entries lie beyond the end of the disk'],
    ['no header', buildGpt().fill(0, 512, 1024), 'there is none behind the protective MBR'],
  ])('%s: told, and none without a backup', async (_, disk, what) => {
    expect(await read(disk)).toEqual({ ...none, damage: { what, hasBackup: false } });
    if (disk.length < 1024 ** 2) return;
    const backup = buildBackupGpt();
    const whole = Buffer.concat([disk, backup]);
    expect(await read(whole)).toEqual({
      type: 'gpt',
      sectorSize: 512,
      partitions: [{ offset: 1024 ** 2, size: 512 * 1024, type: '0FC63DAF-8483-4772-8E79-3D69D8477DE4' }],
      endBytes: whole.length,
      damage: { ...backupOf, what },
    });
    expect(await readPartitionTable(bufferSource(whole), { isWhole: false })).toMatchObject({ type: 'none' });
  });

  test('an old backup at the end of a disk without any GPT at its beginning does not count', async () => {
    expect(await read(Buffer.concat([Buffer.alloc(1024 ** 2), buildBackupGpt()]))).toEqual(none);
  });

  test('its entries may stand anywhere on the disk', async () => {
    const disk = Buffer.alloc(4 * 1024 ** 2);
    buildGpt({ entriesSector: 4096n, backupSector: 8191n }).copy(disk);
    buildGpt().copy(disk, 4096 * 512, 1024, 1024 + 128 * 128);
    expect(await read(disk)).toMatchObject({ type: 'gpt', partitions: [{ offset: 1024 ** 2 }] });
    const head = bufferSource(disk.subarray(0, 1024 ** 2));
    expect(await readPartitionTable(head, { isWhole: false })).toEqual({
      type: 'gpt',
      sectorSize: 512,
      partitions: [],
      endBytes: 4 * 1024 ** 2,
      isUnread: true,
    });
  });
});

describe('MBR', () => {
  test('its partitions, with their type', async () => {
    const disk = buildMbr([
      { type: 0x83, first: 2048, count: 4096, flag: 0x80 },
      { type: 0x5, first: 8192, count: 1 },
    ]);
    expect(await read(disk)).toEqual({
      type: 'mbr',
      sectorSize: 512,
      partitions: [
        { offset: 1024 ** 2, size: 2 * 1024 ** 2, type: '83' },
        { offset: 4 * 1024 ** 2, size: 512, type: '05' },
      ],
      endBytes: 4 * 1024 ** 2 + 512,
    });
  });
  test.each([
    ['a boot sector without partitions', buildMbr([])],
    ['the boot sector of a file system without code', fatBootSector('')],
    ['one that only says that it cannot boot', fatBootSector('This is not a bootable disk. Please insert')],
    ['no signature', buildMbr([{ type: 0x83, first: 2048, count: 4096 }]).fill(0, 510, 512)],
    ['entries of no length', buildMbr([{ type: 0x83, first: 2048, count: 0 }])],
    ['less than a sector', Buffer.alloc(100)],
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(1024 ** 2)],
  ])('%s is none', async (_, disk) => {
    expect(await read(disk)).toEqual(none);
  });
});

test('a disk that is one file system, with code in its boot sector, is a boot record', async () => {
  const disk = fatBootSector('\xeb\x3c\x90MSDOS5.0, and code');
  expect(await read(disk)).toEqual({ ...none, type: 'boot-record' });
  // Code where an MBR has its entries.
  disk.write('Remove disks or other media. Press any key to restart', 440, 'latin1');
  expect(await read(disk)).toEqual({ ...none, type: 'boot-record' });
});

function fatBootSector(code: string): Buffer {
  const sector = Buffer.alloc(4096);
  sector.write(code, 'latin1');
  sector.writeUInt16BE(0x55aa, 510);
  return sector;
}
