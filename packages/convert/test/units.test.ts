import { resolve } from 'node:path';
import * as api from '@ec2-image/convert';
import type { PartitionTable } from '@ec2-image/image-headers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { requireBootable } from '../src/bootable.ts';
import { blockDevice } from '../src/qemu/block-device.ts';
import { parsePercent } from '../src/qemu/progress.ts';

test('the exported names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'ConvertError',
    'boundDisk',
    'compareDisk',
    'compareSample',
    'convertImage',
    'converterVersion',
    'decompressImage',
    'defaultMaxDiskSize',
    'inspectImage',
    'inspectStream',
    'makeArrivingDisk',
    'makeDisk',
    'openArrivingImage',
    'partialPath',
    'planDisk',
    'requireProgramFor',
    'sampleEvery',
    'sampleOf',
    'sampleUnitBytes',
    'streamDisk',
    'unpack',
    'vmdkPieces',
    'writeLagBytes',
  ]);
});

test('any path survives the block device name, and only its driver is stated', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.constantFrom('raw', 'qcow2', 'vmdk', 'vhdx'),
      async (path, format) => {
        const name = await blockDevice({ path, format });
        expect(name.startsWith('json:')).toBe(true);
        expect(JSON.parse(name.slice(5))).toEqual({
          driver: format,
          ...((format === 'qcow2' || format === 'vmdk') && { backing: null }),
          file: { driver: 'file', filename: resolve(path) },
        });
      },
    ),
  );
});

test.each([
  ['    (0.00/100%)\r', 0],
  ['    (0.00/100%)\r    (12.34/100%)\r', 0.1234],
  ['    (100.00/100%)\r\n', 1],
  ['(99.99/100%)Images are identical.\n', 0.9999],
  ['    (12.34/100%)\r    (13.', 0.1234],
  ['Images are identical.', undefined],
  ['', undefined],
  ['(x/100%)', undefined],
])('progress of %j is %j', (text, fraction) => {
  expect(parsePercent(text)).toEqual(fraction === undefined ? undefined : expect.closeTo(fraction, 6));
});

test('any output gives a fraction or nothing', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (before, after) => {
      const fraction = parsePercent(`${before}/100%)${after}`);
      expect(fraction === undefined || (fraction >= 0 && fraction <= 1)).toBe(true);
    }),
  );
});

const mib = 1024 ** 2;
const table = (
  type: 'gpt' | 'mbr',
  offset: number,
  size: number,
  sectorSize: 512 | 4096 = 512,
): PartitionTable => ({
  type,
  sectorSize,
  partitions: [{ offset, size, type: '83' }],
  endBytes: offset + size,
});

test.each([
  ['a GPT', table('gpt', mib, mib), undefined],
  ['an MBR', table('mbr', mib, mib), undefined],
  ['no table', { type: 'none', sectorSize: 512, partitions: [], endBytes: 0 } as const, 'NOT_BOOTABLE'],
  ['a GPT for large sectors', table('gpt', mib, mib, 4096), 'NOT_BOOTABLE'],
  ['a GPT whose partition ends a byte too far', table('gpt', mib, 3 * mib + 1), 'PARTITION_BEYOND_DISK'],
  [
    'a GPT whose backup is beyond the end',
    { ...table('gpt', mib, mib), endBytes: 4 * mib + 1 },
    'PARTITION_BEYOND_DISK',
  ],
  ['a GPT that ends with the disk', { ...table('gpt', mib, mib), endBytes: 4 * mib }, undefined],
  ['an MBR whose partition begins at the end', table('mbr', 4 * mib, mib), 'PARTITION_BEYOND_DISK'],
  ['an MBR whose partition ends a sector too far', table('mbr', mib, 3 * mib + 512), 'PARTITION_BEYOND_DISK'],
])('%s on a disk of 4 MiB', (_, partitionTable, code) => {
  const check = () => requireBootable(partitionTable, { virtualSize: 4 * mib });
  if (!code) return expect(check).not.toThrow();
  expect(check).toThrow(expect.objectContaining({ code }));
  const notices: string[] = [];
  requireBootable(partitionTable, {
    virtualSize: 4 * mib,
    allowUnbootable: true,
    onNotice: (notice) => notices.push(notice),
  });
  expect(notices).toHaveLength(1);
});
