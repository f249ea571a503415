import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DeleteTagsCommand, DescribeSnapshotsCommand, type Image } from '@aws-sdk/client-ec2';
import type { BootArchitecture, BootCode } from '@ec2-image/image-headers';
import { tagRecord } from '@ec2-image/provenance';
import { judgeBoot } from '../src/pipeline/boot/judge-boot.ts';
import { describe, expect, testWith } from './support/fixtures.ts';
import type { Flags } from './support/import.ts';

const key = 'ec2-image:boot-mode';
const byEbs = { via: 'ebs', bucket: undefined, 'omit-holes': true };

const test = testWith({
  formats: ['qcow2', 'raw.gz'],
  disk: { boot: { bios: true, efi: ['x86_64'] } },
  flags: { suffix: 'one' },
}).extend('imported', ({ runImport }) => async (flags: Flags = {}) => {
  const { result, exitCode, stderr } = await runImport(flags);
  expect(exitCode, stderr).toBe(0);
  return { ...result, image: result.image as Image, stderr };
});

describe('auto finds by what the image boots', () => {
  test('by way of S3: AMI, snapshot and a later run go by it', async ({ account, imported }) => {
    const first = await imported();
    expect(first).toMatchObject({
      image: { BootMode: 'uefi-preferred' },
      tags: { [key]: 'uefi-preferred' },
      bootMode: {
        found: 'uefi-preferred',
        reason: '\\EFI\\BOOT\\BOOTX64.EFI and boot code in the MBR',
      },
    });
    const SnapshotIds = [first.snapshotId!];
    const { Snapshots } = await account.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds }));
    expect(tagRecord(Snapshots![0]!.Tags)).toMatchObject({ [key]: 'uefi-preferred' });

    const other = await imported({ suffix: 'two', tpm: 'v2.0' });
    expect(other).toMatchObject({ image: { BootMode: 'uefi' }, snapshotId: first.snapshotId });
    expect(other.steps).toContainEqual(expect.objectContaining({ step: 'download', outcome: 'skipped' }));

    await account.ec2.send(new DeleteTagsCommand({ Resources: SnapshotIds, Tags: [{ Key: key }] }));
    const untagged = await imported({ suffix: 'three' });
    expect(untagged).toMatchObject({
      image: { BootMode: 'uefi-preferred' },
      snapshotId: first.snapshotId,
    });
    expect(untagged.steps).toContainEqual(expect.objectContaining({ step: 'download', outcome: 'done' }));
  });

  test('by way of EBS: a disk image, and one that is never a file', async ({ images, imported }) => {
    expect(await imported(byEbs)).toMatchObject({
      image: { BootMode: 'uefi-preferred' },
      tags: { [key]: 'uefi-preferred' },
    });
    const streamed = { url: images.url('raw.gz'), suffix: 'streamed', fresh: true };
    expect(await imported({ ...byEbs, ...streamed })).toMatchObject({
      image: { BootMode: 'uefi-preferred' },
      tags: { [key]: 'uefi-preferred' },
    });
  });
});

test.for([
  ['s3', {}],
  ['ebs', byEbs],
] as const)(
  'by %s a loader for another architecture is refused, and nothing is left',
  async ([, way], { account, images, runImport }) => {
    const sha256 = createHash('sha256')
      .update(await readFile(images.disk))
      .digest('hex');
    const flags = { ...way, url: images.disk, 'checksum-url': undefined, sha256, arch: 'arm64' };
    const { result, exitCode } = await runImport(flags);
    expect([exitCode, result]).toMatchObject([
      1,
      { error: { code: 'BOOT_LOADER_MISMATCH', message: expect.stringContaining('is for x86_64') } },
    ]);
    expect(await account.contents()).toMatchObject({ images: [], snapshots: [] });

    const allowed = await runImport({ ...flags, 'allow-unbootable': true });
    expect(allowed.result).toMatchObject({
      outcome: 'imported',
      architecture: 'arm64',
      tags: { [key]: 'none' },
    });
  },
);

describe('what was found is judged', () => {
  const x64 = { path: '\\EFI\\BOOT\\BOOTX64.EFI', machine: 'x86_64' } as const;
  const aa64 = { path: '\\EFI\\BOOT\\BOOTAA64.EFI', machine: 'arm64' } as const;
  const bios = 'boot code in the MBR';
  const efi = { hasEfiPartition: true };
  test.for<[BootCode, BootArchitecture, object]>([
    [{ ...efi, loaders: [x64], bios }, 'x86_64', { finding: 'uefi-preferred', problem: undefined }],
    [{ ...efi, loaders: [x64, aa64] }, 'x86_64', { finding: 'uefi', reason: x64.path }],
    [{ ...efi, loaders: [x64, aa64], bios }, 'arm64', { finding: 'uefi', reason: aa64.path }],
    [{ hasEfiPartition: false, loaders: [], bios }, 'x86_64', { finding: 'legacy-bios', warning: undefined }],
    [{ ...efi, loaders: [], bios }, 'x86_64', { finding: 'legacy-bios', warning: expect.any(String) }],
    [
      { ...efi, loaders: [] },
      'x86_64',
      { finding: 'none', warning: expect.stringContaining('no boot loader') },
    ],
    [{ ...efi, loaders: [aa64], bios }, 'x86_64', { problem: { code: 'BOOT_LOADER_MISMATCH' } }],
    [
      { ...efi, loaders: [{ ...x64, machine: 'arm64' }] },
      'x86_64',
      { problem: { code: 'BOOT_LOADER_MISMATCH' } },
    ],
    [{ ...efi, loaders: [{ path: x64.path }] }, 'x86_64', { finding: 'none', problem: undefined }],
    [{ ...efi, loaders: [], bios }, 'arm64', { finding: 'none', problem: { code: 'NO_BOOT_LOADER' } }],
  ])('%j for %s', ([code, architecture, expected]) => {
    const judged = judgeBoot(code, { architecture });
    expect({ problem: undefined, warning: undefined, ...judged }).toMatchObject(expected);
  });
});
