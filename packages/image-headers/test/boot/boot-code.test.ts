import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bufferSource, readBootCode, readPartitionTable } from '@ec2-image/image-headers';
import { makeSampleDisk, type SampleBoot } from '@ec2-image/sample-image';
import fc from 'fast-check';
import { test as base, expect } from 'vitest';

const espAt = 2 * 2 ** 20;

const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
  .extend('directory', async ({}, { onCleanup }) => {
    const path = await mkdtemp(join(tmpdir(), 'image-headers-'));
    onCleanup(() => rm(path, { recursive: true }));
    return path;
  })
  .extend('diskWith', ({ directory }) => async (boot: SampleBoot): Promise<Buffer> => {
    const { path } = await makeSampleDisk({
      path: join(directory, 'disk.raw'),
      sizeBytes: 8 * 2 ** 20,
      dataBytes: 1024,
      boot,
    });
    return readFile(path);
  });

async function bootCodeOf(disk: Buffer) {
  const source = bufferSource(disk);
  return readBootCode(source, await readPartitionTable(source));
}

const x64 = { path: '\\EFI\\BOOT\\BOOTX64.EFI', machine: 'x86_64' };
const aa64 = { path: '\\EFI\\BOOT\\BOOTAA64.EFI', machine: 'arm64' };

test('loaders with their machines, and what a BIOS runs', async ({ diskWith }) => {
  expect(await bootCodeOf(await diskWith({ bios: true, efi: ['x86_64', 'arm64'] }))).toEqual({
    hasEfiPartition: true,
    loaders: [x64, aa64],
    bios: 'boot code in the MBR',
  });
  expect(await bootCodeOf(await diskWith({ efi: [] }))).toEqual({
    hasEfiPartition: true,
    loaders: [],
    bios: 'a BIOS boot partition',
  });
  expect(await bootCodeOf(await diskWith({}))).toMatchObject({ hasEfiPartition: false, loaders: [] });
});

test('a loader under a long name alone, and one that is not a program', async ({ diskWith }) => {
  const disk = await diskWith({ efi: ['x86_64'] });
  const entryAt = disk.indexOf('BOOTX64 EFI', espAt, 'latin1');
  const longName = Buffer.alloc(32, 0xff);
  longName[0] = 0x41;
  longName[11] = 0x0f;
  const units = Buffer.from('BootX64.efi\0', 'utf16le');
  units.copy(longName, 1, 0, 10);
  units.copy(longName, 14, 10, 22);
  units.copy(longName, 28, 22, 24);
  const entry = Buffer.from(disk.subarray(entryAt, entryAt + 32));
  entry.write('BOOTX6~1EFI', 0, 'latin1');
  const named = Buffer.from(disk);
  longName.copy(named, entryAt);
  entry.copy(named, entryAt + 32);
  expect((await bootCodeOf(named)).loaders).toEqual([x64]);

  const broken = Buffer.from(disk);
  broken.write('XX', broken.indexOf('PE\0\0', espAt, 'latin1'), 'latin1');
  expect((await bootCodeOf(broken)).loaders).toEqual([{ path: x64.path, machine: undefined }]);
});

test('whatever an EFI system partition holds, it is read to an end', async ({ diskWith }) => {
  const disk = await diskWith({ efi: ['x86_64'] });
  const table = await readPartitionTable(bufferSource(disk));
  await fc.assert(
    fc.asyncProperty(
      // Boot sector, FATs, root directory and the first clusters.
      fc.array(fc.tuple(fc.nat(64 * 512), fc.nat(255)), { minLength: 1, maxLength: 40 }),
      async (changes) => {
        const damaged = Buffer.from(disk);
        for (const [at, byte] of changes) damaged[espAt + at] = byte;
        const { loaders } = await readBootCode(bufferSource(damaged), table);
        expect(loaders.length).toBeLessThanOrEqual(2);
      },
    ),
    { numRuns: 30 },
  );
});

test('a directory that runs in a circle ends', async ({ diskWith }) => {
  const disk = await diskWith({ efi: ['x86_64'] });
  // Both FATs: every cluster leads to itself.
  for (let n = 2; n < 2000; n += 1) {
    for (const fat of [1, 7]) {
      const at = espAt + fat * 512 + Math.floor((n * 3) / 2);
      const old = disk.readUInt16LE(at);
      disk.writeUInt16LE(n % 2 === 0 ? (old & 0xf000) | n : (old & 0x000f) | (n << 4), at);
    }
  }
  const name = disk.indexOf('BOOT       ', espAt, 'latin1');
  disk.write('NOTHING    ', name, 'latin1');
  expect((await bootCodeOf(disk)).loaders).toEqual([]);
});
