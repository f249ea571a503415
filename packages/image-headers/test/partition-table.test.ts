import { bufferSource, readPartitionTable } from '@ec2-image/image-headers';
import { describe, expect, test } from 'vitest';
import { buildGpt, buildMbr } from './build/partition-table.ts';

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
  test.each([
    ['a damaged header', buildGpt({ damage: [512 + 40] })],
    ['damaged entries', buildGpt({ damage: [1024 + 33] })],
    ['a million entries', buildGpt({ entryCount: 2 ** 20 })],
    ['entries of 4 GiB', buildGpt({ entrySize: 2 ** 32 - 1, entryCount: 0, partitions: [] })],
    ['entries at the end of the address space', buildGpt({ entriesSector: 2n ** 63n })],
    ['entries cut short', buildGpt().subarray(0, 2048)],
  ])('%s make it none, since what is left is a protective MBR', async (_, disk) => {
    expect(await read(disk)).toEqual(none);
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
    ['a boot sector of a file system, whose code stands where the entries would', fatBootSector()],
    ['no signature', buildMbr([{ type: 0x83, first: 2048, count: 4096 }]).fill(0, 510, 512)],
    ['entries of no length', buildMbr([{ type: 0x83, first: 2048, count: 0 }])],
    ['less than a sector', Buffer.alloc(100)],
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(1024 ** 2)],
  ])('%s is none', async (_, disk) => {
    expect(await read(disk)).toEqual(none);
  });
});

function fatBootSector(): Buffer {
  const sector = Buffer.alloc(4096);
  sector.write('\xeb\x3c\x90MSDOS5.0', 'latin1');
  sector.write('Remove disks or other media. Press any key to restart', 440, 'latin1');
  sector.writeUInt16BE(0x55aa, 510);
  return sector;
}
