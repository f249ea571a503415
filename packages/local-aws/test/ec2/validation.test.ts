import { CompleteSnapshotCommand, StartSnapshotCommand } from '@aws-sdk/client-ebs';
import {
  CreateTagsCommand,
  type EbsBlockDevice,
  ImportSnapshotCommand,
  type ImportSnapshotCommandInput,
  RegisterImageCommand,
  type RegisterImageCommandInput,
} from '@aws-sdk/client-ec2';
import { describe, expect, testWith } from '../support/account.ts';

const test = testWith().extend('snapshotId', { scope: 'file' }, async ({ ebs }) => {
  const { SnapshotId } = await ebs.send(new StartSnapshotCommand({ VolumeSize: 10 }));
  await ebs.send(new CompleteSnapshotCommand({ SnapshotId, ChangedBlocksCount: 0 }));
  return SnapshotId!;
});

let number = 0;
function registration(
  SnapshotId: string,
  given: Partial<RegisterImageCommandInput>,
  ebs: EbsBlockDevice = {},
): RegisterImageCommand {
  return new RegisterImageCommand({
    Name: `validation ${++number}`,
    Architecture: 'x86_64',
    VirtualizationType: 'hvm',
    RootDeviceName: '/dev/sda1',
    BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { SnapshotId, VolumeType: 'gp3', ...ebs } }],
    ...given,
  });
}

const combination = 'InvalidParameterCombination';
const value = 'InvalidParameterValue';

describe('RegisterImage refuses', () => {
  test.for<[string, object, string]>([
    ['arm64 with legacy-bios', { Architecture: 'arm64', BootMode: 'legacy-bios' }, combination],
    ['arm64 with uefi-preferred', { Architecture: 'arm64', BootMode: 'uefi-preferred' }, combination],
    ['i386 with uefi', { Architecture: 'i386', BootMode: 'uefi' }, combination],
    ['another boot mode', { BootMode: 'bios' }, value],
    ['a TPM without uefi', { TpmSupport: 'v2.0' }, combination],
    ['a TPM with uefi-preferred', { TpmSupport: 'v2.0', BootMode: 'uefi-preferred' }, combination],
    ['a TPM on arm64', { TpmSupport: 'v2.0', BootMode: 'uefi', Architecture: 'arm64' }, combination],
    ['another TPM', { TpmSupport: 'v1.2', BootMode: 'uefi' }, value],
    ['IMDSv1', { ImdsSupport: 'v1.0' }, value],
    ['UefiData of 64,001 characters', { UefiData: 'A'.repeat(64_004) }, value],
    ['UefiData that is not base64', { UefiData: 'AAA' }, value],
    ['a description of 256 characters', { Description: 'd'.repeat(256) }, value],
    ['a name of two characters', { Name: 'ab' }, 'InvalidAMIName.Malformed'],
    ['paravirtual with ENA', { VirtualizationType: 'paravirtual', EnaSupport: true }, combination],
    ['paravirtual arm64', { VirtualizationType: 'paravirtual', Architecture: 'arm64' }, combination],
    ['paravirtual uefi', { VirtualizationType: 'paravirtual', BootMode: 'uefi' }, combination],
  ])('%s', async ([, given, code], { account, snapshotId }) => {
    await expect(account.ec2.send(registration(snapshotId, given))).rejects.toMatchObject({ name: code });
  });

  test.for<[string, EbsBlockDevice, string]>([
    ['a key beside a snapshot', { KmsKeyId: 'alias/mine' }, combination],
    ['encryption beside a snapshot', { Encrypted: true }, 'InvalidBlockDeviceMapping'],
    ['a volume smaller than the snapshot', { VolumeSize: 9 }, 'InvalidBlockDeviceMapping'],
    ['too few iops', { Iops: 2999 }, value],
    ['more iops than the size allows', { Iops: 5001 }, value],
    ['too little throughput', { Throughput: 124 }, value],
    ['more throughput than the iops allow', { Throughput: 751 }, value],
    ['iops of io1 at gp2', { VolumeType: 'gp2', Iops: 100 }, combination],
  ])('%s', async ([, ebs, code], { account, snapshotId }) => {
    const command = registration(snapshotId, {}, ebs);
    await expect(account.ec2.send(command)).rejects.toMatchObject({ name: code });
  });

  test('and takes the limits themselves', async ({ account, snapshotId }) => {
    const given = { Description: 'd'.repeat(255), BootMode: 'uefi', TpmSupport: 'v2.0' } as const;
    const command = registration(
      snapshotId,
      { ...given, UefiData: 'A'.repeat(64_000) },
      { Iops: 5000, Throughput: 1250 },
    );
    expect((await account.ec2.send(command)).ImageId).toMatch(/^ami-/);
  });
});

describe('ImportSnapshot refuses', () => {
  const bucket = { S3Bucket: 'disks', S3Key: 'a.raw' };
  test.for<[string, Partial<ImportSnapshotCommandInput>, string]>([
    ['a token of 65 characters', { ClientToken: 't'.repeat(65) }, value],
    ['a token beyond ASCII', { ClientToken: 'tökən' }, value],
    ['a description of 256 characters', { Description: 'd'.repeat(256) }, value],
    [
      'a description of the disk of 256 characters',
      { DiskContainer: { Format: 'RAW', UserBucket: bucket, Description: 'd'.repeat(256) } },
      value,
    ],
    [
      'a URL beside a bucket',
      { DiskContainer: { Format: 'RAW', UserBucket: bucket, Url: 's3://disks/a.raw' } },
      combination,
    ],
    ['another format', { DiskContainer: { Format: 'QCOW2', UserBucket: bucket } }, 'InvalidParameter'],
    ['a key without encryption', { KmsKeyId: 'alias/mine' }, 'InvalidParameterDependency'],
    ['a role that IAM could not have', { RoleName: 'a role' }, value],
    [
      'tags for the snapshot',
      { TagSpecifications: [{ ResourceType: 'snapshot', Tags: [{ Key: 'a', Value: 'b' }] }] },
      value,
    ],
  ])('%s', async ([, given, code], { account }) => {
    const command = new ImportSnapshotCommand({
      DiskContainer: { Format: 'RAW', UserBucket: bucket },
      ...given,
    });
    await expect(account.ec2.send(command)).rejects.toMatchObject({ name: code });
  });
});

test.for([
  ['a value of 257 characters', 'k', 'v'.repeat(257)],
  ['a key of 128 characters', 'k'.repeat(128), 'v'],
  ['a key of AWS', 'aws:k', 'v'],
] as const)('CreateTags refuses %s', async ([, Key, Value], { account, snapshotId }) => {
  const command = new CreateTagsCommand({ Resources: [snapshotId], Tags: [{ Key, Value }] });
  await expect(account.ec2.send(command)).rejects.toMatchObject({ name: value });
});
