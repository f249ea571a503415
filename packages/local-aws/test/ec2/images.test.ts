import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  type DescribeImagesCommandInput,
  DescribeSnapshotsCommand,
  paginateDescribeImages,
  RegisterImageCommand,
  type RegisterImageCommandInput,
  waitUntilImageAvailable,
} from '@aws-sdk/client-ec2';
import { seedEc2 } from '../../src/ec2/seed.ts';
import {
  accountId,
  describe,
  expect,
  openAccount,
  refusal,
  type TestAccount,
  testWith,
} from '../support/account.ts';

const test = testWith({}, ({ directory }) =>
  seedEc2({
    directory,
    snapshots: [
      { id: complete, volumeSizeGiB: 4 },
      { id: pending, state: 'pending' },
      { id: encrypted, encrypted: true },
    ],
  }),
);
const snapshot = (n: number) => `snap-${n.toString(16).padStart(17, '0')}`;
const [complete, pending, encrypted] = [snapshot(1), snapshot(2), snapshot(3)] as const;

const device = (Ebs: object = {}, DeviceName = '/dev/sda1') => ({
  DeviceName,
  Ebs: { SnapshotId: complete, ...Ebs },
});

function input(name: string, given: Partial<RegisterImageCommandInput> = {}): RegisterImageCommandInput {
  return {
    Name: name,
    Architecture: 'x86_64',
    VirtualizationType: 'hvm',
    EnaSupport: true,
    RootDeviceName: '/dev/sda1',
    BlockDeviceMappings: [device({ VolumeSize: 4, VolumeType: 'gp3', DeleteOnTermination: true })],
    ...given,
  };
}

async function register(
  account: TestAccount,
  name: string,
  given?: Partial<RegisterImageCommandInput>,
): Promise<string> {
  const { ImageId } = await account.ec2.send(new RegisterImageCommand(input(name, given)));
  return ImageId!;
}

async function images(account: TestAccount, given: DescribeImagesCommandInput) {
  return (await account.ec2.send(new DescribeImagesCommand(given))).Images!;
}

const names = async (account: TestAccount, given: DescribeImagesCommandInput) =>
  (await images(account, { Owners: ['self'], ...given })).map(({ Name }) => Name).sort();

describe('RegisterImage', () => {
  test('makes an AMI of which DescribeImages shows every field that EC2 does', async ({ account }) => {
    const before = Date.now();
    const imageId = await register(account, 'every field', {
      Description: 'described',
      BootMode: 'uefi',
      TpmSupport: 'v2.0',
      ImdsSupport: 'v2.0',
      TagSpecifications: [{ ResourceType: 'image', Tags: [{ Key: 'Name', Value: 'every field' }] }],
    });
    expect(imageId).toMatch(/^ami-0[0-9a-f]{16}$/);
    const [image, ...others] = await images(account, { ImageIds: [imageId] });
    expect(others).toEqual([]);
    expect(image).toEqual({
      Architecture: 'x86_64',
      BlockDeviceMappings: [
        {
          DeviceName: '/dev/sda1',
          Ebs: {
            DeleteOnTermination: true,
            Encrypted: false,
            SnapshotId: complete,
            VolumeSize: 4,
            VolumeType: 'gp3',
          },
        },
      ],
      BootMode: 'uefi',
      CreationDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      DeregistrationProtection: 'disabled',
      Description: 'described',
      EnaSupport: true,
      FreeTierEligible: true,
      Hypervisor: 'xen',
      ImageId: imageId,
      ImageLocation: `${accountId}/every field`,
      ImageType: 'machine',
      ImdsSupport: 'v2.0',
      Name: 'every field',
      OwnerId: accountId,
      PlatformDetails: 'Linux/UNIX',
      Public: false,
      RootDeviceName: '/dev/sda1',
      RootDeviceType: 'ebs',
      State: 'available',
      Tags: [{ Key: 'Name', Value: 'every field' }],
      TpmSupport: 'v2.0',
      UsageOperation: 'RunInstances',
      VirtualizationType: 'hvm',
    });
    expect(Date.parse(image!.CreationDate!)).toBeGreaterThanOrEqual(before - 1);
  });

  test('has the defaults that nobody wants', async ({ account }) => {
    const imageId = await register(account, 'defaults', {
      Architecture: undefined,
      VirtualizationType: undefined,
      EnaSupport: undefined,
      BlockDeviceMappings: [device()],
    });
    const [image] = await images(account, { ImageIds: [imageId] });
    expect(image).toMatchObject({
      Architecture: 'i386',
      VirtualizationType: 'paravirtual',
      BlockDeviceMappings: [
        { Ebs: { VolumeSize: 4, VolumeType: 'standard', DeleteOnTermination: true, Encrypted: false } },
      ],
    });
    expect(image).not.toHaveProperty('EnaSupport');
    expect(image).not.toHaveProperty('BootMode');
    expect(image).not.toHaveProperty('Tags');
  });

  test('takes further devices, and the encryption of the snapshot', async ({ account }) => {
    const imageId = await register(account, 'devices', {
      BlockDeviceMappings: [
        device({ SnapshotId: encrypted, VolumeType: 'gp3', Iops: 4000, Throughput: 250 }),
        { DeviceName: '/dev/sdb', Ebs: { VolumeSize: 500, VolumeType: 'st1', Encrypted: true } },
        { DeviceName: '/dev/sdc', VirtualName: 'ephemeral0' },
      ],
    });
    const [image] = await images(account, { ImageIds: [imageId] });
    expect(image!.BlockDeviceMappings).toMatchObject([
      { Ebs: { Encrypted: true, VolumeSize: 8, Iops: 4000, Throughput: 250 } },
      { Ebs: { Encrypted: true, VolumeSize: 500, VolumeType: 'st1' } },
      { DeviceName: '/dev/sdc', VirtualName: 'ephemeral0' },
    ]);
  });

  test('is seen pending first where that takes time', async () => {
    await using slow = await openAccount({ ec2: { imageCreationMs: 150 } });
    seedEc2({ directory: slow.directory, snapshots: [{ id: complete, volumeSizeGiB: 4 }] });
    const { ImageId } = await slow.ec2.send(new RegisterImageCommand(input('slow')));
    const state = async () =>
      (await slow.ec2.send(new DescribeImagesCommand({ ImageIds: [ImageId!] }))).Images![0]!.State;
    expect(await state()).toBe('pending');
    await waitUntilImageAvailable(
      { client: slow.ec2, maxWaitTime: 10, minDelay: 0.05, maxDelay: 0.05 },
      { ImageIds: [ImageId!] },
    );
    expect(await state()).toBe('available');
  });

  test('refuses a name that is taken, naming the AMI that has it', async ({ account }) => {
    const first = await register(account, 'taken');
    await expect(register(account, 'taken')).rejects.toEqual(
      refusal('InvalidAMIName.Duplicate', `AMI name taken is already in use by AMI ${first}`),
    );
    await account.ec2.send(new DeregisterImageCommand({ ImageId: first }));
    await register(account, 'taken');
  });

  test('gives a name once to those who ask at the same time', async ({ account }) => {
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => register(account, 'contended')));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test.for([
    ['ab', {}, 'InvalidAMIName.Malformed', /between 3 and 128/],
    ['a'.repeat(129), {}, 'InvalidAMIName.Malformed', /between 3 and 128/],
    ['no:colon', {}, 'InvalidAMIName.Malformed', /may contain/],
    ['x1', { Name: undefined }, 'MissingParameter', 'The request must contain the parameter Name'],
    ['bad arch', { Architecture: 'mips' }, 'InvalidParameterValue', /mips/],
    ['long', { Description: 'x'.repeat(256) }, 'InvalidParameterValue', /255/],
    ['no devices', { BlockDeviceMappings: [] }, 'InvalidBlockDeviceMapping', /No root snapshot/],
    ['other root', { RootDeviceName: '/dev/xvda' }, 'InvalidBlockDeviceMapping', /No root snapshot/],
    [
      'small',
      { BlockDeviceMappings: [device({ VolumeSize: 3 })] },
      'InvalidBlockDeviceMapping',
      `Volume of size 3GB is smaller than snapshot '${complete}', expect size >= 4GB`,
    ],
    [
      'large',
      { BlockDeviceMappings: [device({ VolumeSize: 65_537, VolumeType: 'gp3' })] },
      'InvalidParameterValue',
      /too large for volume type gp3; maximum is 65536 GiB/,
    ],
    [
      'encrypted flag',
      { BlockDeviceMappings: [device({ Encrypted: false })] },
      'InvalidBlockDeviceMapping',
      'the encrypted flag cannot be specified since device /dev/sda1 has a snapshot specified.',
    ],
    [
      'pending snapshot',
      { BlockDeviceMappings: [device({ SnapshotId: pending })] },
      'IncorrectState',
      'Snapshot is in invalid state - pending',
    ],
    [
      'no snapshot',
      { BlockDeviceMappings: [device({ SnapshotId: snapshot(77) })] },
      'InvalidSnapshot.NotFound',
      `The snapshot '${snapshot(77)}' does not exist.`,
    ],
    [
      'neither',
      { BlockDeviceMappings: [device({ SnapshotId: undefined, DeleteOnTermination: true })] },
      'InvalidBlockDeviceMapping',
      'Either snapshot ID or volume size must be provided for: /dev/sda1',
    ],
    [
      'unnamed device',
      { BlockDeviceMappings: [device({}, '')] },
      'InvalidBlockDeviceMapping',
      'Missing device name',
    ],
    [
      'twice',
      { BlockDeviceMappings: [device(), device()] },
      'InvalidBlockDeviceMapping',
      /Duplicate device name/,
    ],
    [
      'hdd root',
      { BlockDeviceMappings: [device({ VolumeType: 'st1', VolumeSize: 200 })] },
      'InvalidBlockDeviceMapping',
      /cannot be used for boot volumes/,
    ],
    [
      'gp2 iops',
      { BlockDeviceMappings: [device({ VolumeType: 'gp2', Iops: 300 })] },
      'InvalidParameterCombination',
      /iops/,
    ],
    ['io1', { BlockDeviceMappings: [device({ VolumeType: 'io1' })] }, 'MissingParameter', /iops/],
    [
      'arm bios',
      { Architecture: 'arm64', BootMode: 'legacy-bios' },
      'InvalidParameterCombination',
      /legacy-bios/,
    ],
    ['tpm alone', { TpmSupport: 'v2.0' }, 'InvalidParameterCombination', /uefi/],
    [
      'tpm on arm',
      { Architecture: 'arm64', BootMode: 'uefi', TpmSupport: 'v2.0' },
      'InvalidParameterCombination',
      /arm64/,
    ],
    ['uefi data', { UefiData: 'A'.repeat(64_001) }, 'InvalidParameterValue', /64000/],
    [
      'tags elsewhere',
      { TagSpecifications: [{ ResourceType: 'snapshot', Tags: [{ Key: 'k', Value: 'v' }] }] },
      'InvalidParameterValue',
      /'snapshot' is not a valid taggable resource type/,
    ],
    [
      'reserved tag',
      { TagSpecifications: [{ ResourceType: 'image', Tags: [{ Key: 'aws:k', Value: 'v' }] }] },
      'InvalidParameterValue',
      /reserved/,
    ],
    [
      'unknown',
      { BillingProducts: ['bp-1'] },
      'UnknownParameter',
      'The parameter BillingProduct is not recognized',
    ],
  ] as [string, Partial<RegisterImageCommandInput>, string, string | RegExp][])(
    'refuses %s',
    async ([name, given, code, message], { account }) => {
      await expect(register(account, name, given)).rejects.toEqual(refusal(code, message));
      expect(await names(account, { Filters: [{ Name: 'name', Values: [name] }] })).toEqual([]);
    },
  );
});

const ami = (n: number) => `ami-${n.toString(16).padStart(17, '0')}`;
const createdAt = Date.UTC(2026, 0, 2);
/** Of an account of their own, with AMIs in every state. */
const testOfLists = testWith({}, ({ directory }) =>
  seedEc2({
    directory,
    snapshots: [{ id: complete }, { id: encrypted }],
    images: [
      { id: ami(1), name: 'one', snapshotIds: [complete], createdAt, tags: { Name: 'x' } },
      { id: ami(2), name: 'two', snapshotIds: [complete, encrypted], architecture: 'arm64' },
      { id: ami(3), name: 'three', snapshotIds: [encrypted], state: 'failed' },
      { id: ami(4), name: 'four', snapshotIds: [encrypted], state: 'disabled' },
      { id: ami(5), name: 'five', snapshotIds: [encrypted], state: 'pending' },
    ],
  }),
);

describe('DescribeImages', () => {
  const imageNames = async ({ ec2 }: TestAccount, given: DescribeImagesCommandInput) => {
    const { Images } = await ec2.send(new DescribeImagesCommand(given));
    return Images!.map(({ Name }) => Name);
  };

  testOfLists.for([
    [{}, ['one', 'two', 'three', 'five']],
    [{ IncludeDisabled: true }, ['one', 'two', 'three', 'four', 'five']],
    [{ IncludeDisabled: true, Filters: [{ Name: 'state', Values: ['disabled'] }] }, ['four']],
    [{ Owners: ['amazon'] }, []],
    [{ Owners: [accountId] }, ['one', 'two', 'three', 'five']],
    [{ ExecutableUsers: ['self'] }, []],
    [{ Filters: [{ Name: 'name', Values: ['t*'] }] }, ['two', 'three']],
    [{ Filters: [{ Name: 'name', Values: ['one', 'two'] }] }, ['one', 'two']],
    [{ Filters: [{ Name: 'state', Values: ['pending', 'failed'] }] }, ['three', 'five']],
    [{ Filters: [{ Name: 'architecture', Values: ['arm64'] }] }, ['two']],
    [{ Filters: [{ Name: 'block-device-mapping.snapshot-id', Values: [complete] }] }, ['one', 'two']],
    [
      { Filters: [{ Name: 'block-device-mapping.snapshot-id', Values: ['snap-*3'] }] },
      ['two', 'three', 'five'],
    ],
    [{ Filters: [{ Name: 'tag:Name', Values: ['x'] }] }, ['one']],
    [{ Filters: [{ Name: 'creation-date', Values: ['2026-01-02T*'] }] }, ['one']],
    [{ Filters: [{ Name: 'is-public', Values: ['true'] }] }, []],
    [{ Filters: [{ Name: 'image-id', Values: [ami(2)] }], ImageIds: [ami(1), ami(2)] }, ['two']],
    [{ ImageIds: [ami(4)] }, []],
  ] as [DescribeImagesCommandInput, string[]][])('%j: %j', async ([given, expected], { account }) => {
    expect(await imageNames(account, given)).toEqual(expected);
  });

  testOfLists.for([
    [{ ImageIds: ['ami-1'] }, 'InvalidAMIID.Malformed', 'Invalid id: "ami-1" (expecting "ami-...")'],
    [{ ImageIds: [ami(8)] }, 'InvalidAMIID.NotFound', `The image id '[${ami(8)}]' does not exist`],
    [
      { ImageIds: [ami(8), ami(1), ami(9)] },
      'InvalidAMIID.NotFound',
      `The image ids '[${ami(8)}, ${ami(9)}]' do not exist`,
    ],
    [{ Owners: ['nobody'] }, 'InvalidUserID.Malformed', 'Invalid user id: "nobody"'],
  ] as [DescribeImagesCommandInput, string, string][])(
    'refuses %j',
    async ([given, code, message], { account }) => {
      await expect(imageNames(account, given)).rejects.toEqual(refusal(code, message));
    },
  );

  testOfLists('pages', async ({ account }) => {
    const found: (string | undefined)[] = [];
    for await (const { Images } of paginateDescribeImages({ client: account.ec2, pageSize: 2 }, {})) {
      found.push(...Images!.map(({ Name }) => Name));
    }
    expect(found).toEqual(['one', 'two', 'three', 'five']);
  });
});

describe('DeregisterImage', () => {
  const deregister = (account: TestAccount, ImageId: string, DeleteAssociatedSnapshots?: boolean) =>
    account.ec2.send(new DeregisterImageCommand({ ImageId, DeleteAssociatedSnapshots }));

  test('makes the AMI vanish, and leaves its snapshot', async ({ account }) => {
    const imageId = await register(account, 'short-lived');
    expect(await deregister(account, imageId)).toMatchObject({ Return: true });
    await expect(images(account, { ImageIds: [imageId] })).rejects.toEqual(refusal('InvalidAMIID.NotFound'));
    expect(await names(account, { Filters: [{ Name: 'image-id', Values: [imageId] }] })).toEqual([]);
    await expect(deregister(account, imageId)).rejects.toEqual(
      refusal('InvalidAMIID.Unavailable', `The image ID '${imageId}' is no longer available`),
    );
    const { Snapshots } = await account.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [complete] }));
    expect(Snapshots).toHaveLength(1);
  });

  test('deletes its snapshots on request, and says of each what came of it', async ({ account }) => {
    const [own, shared, gone] = [snapshot(21), snapshot(22), snapshot(23)] as const;
    seedEc2({
      directory: account.directory,
      snapshots: [{ id: own }, { id: shared }, { id: gone }],
      images: [{ name: 'another user', snapshotIds: [shared] }],
    });
    const file = join(account.directory, 'snapshots', `${own}.raw`);
    await writeFile(file, 'bytes');
    const imageId = await register(account, 'with snapshots', {
      BlockDeviceMappings: [
        device({ SnapshotId: own }),
        device({ SnapshotId: shared }, '/dev/sdb'),
        device({ SnapshotId: own }, '/dev/sdc'),
      ],
    });
    expect(await deregister(account, imageId, true)).toMatchObject({
      Return: true,
      DeleteSnapshotResults: [
        { SnapshotId: own, ReturnCode: 'success' },
        { SnapshotId: shared, ReturnCode: 'skipped' },
      ],
    });
    expect(existsSync(file)).toBe(false);
    await expect(account.ec2.send(new DeleteSnapshotCommand({ SnapshotId: own }))).rejects.toEqual(
      refusal('InvalidSnapshot.NotFound'),
    );
  });

  test.for([
    ['ami-none', 'InvalidAMIID.Malformed'],
    ['ami-00000000000000777', 'InvalidAMIID.NotFound'],
  ] as const)('refuses %s', async ([imageId, code], { account }) => {
    await expect(deregister(account, imageId)).rejects.toEqual(refusal(code));
  });
});
