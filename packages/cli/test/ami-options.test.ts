import { DescribeImageAttributeCommand, DescribeSnapshotsCommand, type Image } from '@aws-sdk/client-ec2';
import { tagRecord } from '@ec2-image/provenance';
import { describe, expect, testWith } from './support/fixtures.ts';
import { type Flags, flagsOf, type ImportDocument } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';

/** By way of EBS and with few blocks: what an AMI is registered with does not depend on them. */
const byEbs = { via: 'ebs', bucket: undefined, 'omit-holes': true, suffix: 'one' };
/** What a UEFI variable store begins with. */
const uefiData = Buffer.from('AMZNUEFI of a test').toString('base64');
/** Refused before anything connects to it. */
const arm64 = { arch: 'arm64', url: 'http://127.0.0.1:9/disk-aarch64.qcow2' };
const device = (value: object) => JSON.stringify([value]);

const test = testWith({ flags: byEbs })
  /** The AMI as EC2 describes it after the import. */
  .extend('importedImage', ({ runImport }) => async (flags: Flags): Promise<Image> => {
    const { result, exitCode, stderr, stdout } = await runImport(flags);
    expect(exitCode, `${stderr}${stdout}`).toBe(0);
    return result.image as Image;
  });

describe('is read back', () => {
  test('every option of firmware, volumes, tags and name', async ({ account, importedImage }) => {
    const image = await importedImage({
      'ami-name': '{name}-{arch}-{suffix}-{digest}',
      description: 'Ein Abbild für Prüfungen',
      'boot-mode': 'uefi',
      tpm: '2.0',
      imds: 'v2.0',
      'uefi-data': uefiData,
      'root-device': '/dev/xvda',
      'volume-type': 'gp3',
      'volume-size': 9,
      'volume-iops': 4000,
      'volume-throughput': 500,
      devices: JSON.stringify([
        {
          device: '/dev/sdb',
          size: 20,
          type: 'io2',
          iops: 1000,
          encrypt: true,
          'delete-on-termination': false,
        },
        { device: '/dev/sdc', 'virtual-name': 'ephemeral0' },
      ]),
      tag: ['team=images', 'automation=true'],
      'ami-tag': 'stage=beta',
      'snapshot-tag': 'kept=yes',
      'deregistration-protection': 'enabled-with-cooldown',
    });
    expect(image).toMatchObject({
      Name: expect.stringMatching(/^test-cloud-x86_64-one-[0-9a-f]{12}$/),
      Description: 'Ein Abbild für Prüfungen',
      BootMode: 'uefi',
      TpmSupport: 'v2.0',
      ImdsSupport: 'v2.0',
      RootDeviceName: '/dev/xvda',
      DeregistrationProtection: 'enabled-with-cooldown',
      BlockDeviceMappings: [
        {
          DeviceName: '/dev/xvda',
          Ebs: { VolumeType: 'gp3', VolumeSize: 9, Iops: 4000, Throughput: 500, DeleteOnTermination: true },
        },
        {
          DeviceName: '/dev/sdb',
          Ebs: { VolumeType: 'io2', VolumeSize: 20, Iops: 1000, Encrypted: true, DeleteOnTermination: false },
        },
        { DeviceName: '/dev/sdc', VirtualName: 'ephemeral0' },
      ],
    });
    const { UefiData } = await account.ec2.send(
      new DescribeImageAttributeCommand({ ImageId: image.ImageId!, Attribute: 'uefiData' }),
    );
    expect(UefiData?.Value).toBe(uefiData);
    expect(tagRecord(image.Tags)).toMatchObject({
      Name: image.Name,
      team: 'images',
      stage: 'beta',
      automation: 'true',
    });
    expect(tagRecord(image.Tags)).not.toHaveProperty('kept');
    const SnapshotIds = [image.BlockDeviceMappings![0]!.Ebs!.SnapshotId!];
    const { Snapshots } = await account.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds }));
    const tags = tagRecord(Snapshots![0]!.Tags);
    expect(tags).toMatchObject({ team: 'images', kept: 'yes' });
    expect(tags).not.toHaveProperty('stage');
  });

  test('what stays unset without options, and where none is asked for', async ({ importedImage }) => {
    const plain = { BootMode: undefined, TpmSupport: undefined, ImdsSupport: undefined };
    const [none, unset] = [
      await importedImage({ 'boot-mode': 'none', tpm: 'none', imds: 'none' }),
      await importedImage({ suffix: 'two' }),
    ];
    // It has a BIOS boot partition, which `auto` finds.
    expect(unset.BootMode).toBe('legacy-bios');
    for (const image of [none, { ...unset, BootMode: undefined }]) {
      expect(image).toMatchObject({ RootDeviceName: '/dev/sda1', DeregistrationProtection: 'disabled' });
      expect({ ...plain, ...image }).toMatchObject(plain);
    }
    expect(tagRecord(unset.Tags)).toMatchObject({ automation: 'false', Name: 'test-cloud-itwo' });
  });
});

test('what can be changed of an AMI that exists is, and changes nothing the next time', async ({
  account,
  importedImage,
}) => {
  const first = await importedImage({ tag: ['team=images', 'kept=yes'], description: 'the first' });
  const flags = {
    tag: 'team=others',
    'ami-tag': 'stage=beta',
    description: 'the second',
    imds: 'v2.0',
    'deregistration-protection': 'enabled-without-cooldown',
  };
  const second = await importedImage(flags);
  expect(second).toMatchObject({
    ImageId: first.ImageId,
    Description: 'the second',
    ImdsSupport: 'v2.0',
    DeregistrationProtection: 'enabled-without-cooldown',
  });
  expect(tagRecord(second.Tags)).toMatchObject({ team: 'others', stage: 'beta', kept: 'yes' });
  const before = account.aws.calls.list().filter(({ mutating }) => mutating).length;
  await importedImage(flags);
  expect(account.aws.calls.list().filter(({ mutating }) => mutating).length).toBe(before);
  expect(await importedImage({ 'deregistration-protection': 'disabled' })).toMatchObject({
    DeregistrationProtection: 'disabled',
    Description: 'the second',
  });
});

test('a setting that EC2 refuses after the registration is told, and the AMI stands', async ({
  account,
  runImport,
}) => {
  account.aws.faults.add({
    match: { operation: 'EnableImageDeregistrationProtection' },
    action: { kind: 'error', status: 403, code: 'UnauthorizedOperation' },
  });
  const flags = { 'deregistration-protection': 'enabled-without-cooldown' };
  const { result, exitCode } = await runImport(flags);
  expect([exitCode, result]).toMatchObject([
    1,
    { outcome: 'partial', error: { code: 'AMI_UPDATE_INCOMPLETE' }, imageId: expect.any(String) },
  ]);
  const again = await runImport(flags);
  expect([again.exitCode, again.result.imageId, again.result.outcome]).toEqual([0, result.imageId, 'reused']);
  expect(again.result.image).toMatchObject({ DeregistrationProtection: 'enabled-without-cooldown' });
});

test('an AMI that differs in what cannot be changed is reported, and replaced by --replace alone', {
  timeout: 240_000,
}, async ({ importedImage, runImport }) => {
  const first = await importedImage({ 'uefi-data': uefiData, imds: 'v2.0' });
  const size = first.BlockDeviceMappings![0]!.Ebs!.VolumeSize!;
  const different: readonly (readonly [Flags, string])[] = [
    [{ 'boot-mode': 'uefi' }, 'its bootMode is not set, not uefi'],
    [{ 'boot-mode': 'uefi', tpm: 'v2.0' }, 'its tpmSupport is not set, not v2.0'],
    [{ imds: 'none' }, 'its imdsSupport is v2.0, not unset'],
    [{ 'uefi-data': 'QUJD' }, 'its UEFI data is another'],
    [{ 'root-device': '/dev/xvda' }, 'its root device is /dev/sda1, not /dev/xvda'],
    [{ 'volume-size': size + 1 }, `the size of its root volume is ${size} GiB, not ${size + 1} GiB`],
    [{ 'volume-type': 'gp2' }, 'the type of its root volume is gp3, not gp2'],
    [{ devices: device({ device: '/dev/sdb', size: 1 }) }, 'it has no device /dev/sdb'],
  ];
  for (const [flags, difference] of different) {
    const { result } = await runImport(flags);
    expect(result.error).toMatchObject({
      code: 'AMI_NAME_TAKEN_BY_OURS',
      message: expect.stringContaining(difference),
    });
  }
  const replaced = await importedImage({ 'volume-type': 'gp2', replace: true });
  expect(replaced.ImageId).not.toBe(first.ImageId);
  expect(replaced.BlockDeviceMappings![0]!.Ebs).toMatchObject({ VolumeType: 'gp2' });
});

const badBootTests: readonly (readonly [string, object | string])[] = [
  ['a word for its settings', 'yes'],
  ['a list of settings', [{ timeout: 60 }]],
  ['a family in place of an instance type', { 'instance-type': 't3' }],
  ['half a regular expression', { expect: 'login(' }],
  ['nothing to expect', { expect: '' }],
  ['a time that is none', { timeout: 'soon' }],
  ['a network for a subnet', { subnet: 'vpc-0123456789abcdef0' }],
  ['a word for a public address', { 'public-address': 'yes' }],
  ['an unknown key', { 'instance-typ': 't3.micro' }],
];

test.for<[string, Flags, string]>([
  ['TPM without a boot mode', { tpm: 'v2.0', 'boot-mode': 'none' }, 'TPM_WITHOUT_UEFI'],
  [
    'TPM with a boot mode that may be BIOS',
    { tpm: 'v2.0', 'boot-mode': 'uefi-preferred' },
    'TPM_WITHOUT_UEFI',
  ],
  ['TPM on arm64', { tpm: 'v2.0', 'boot-mode': 'uefi', ...arm64 }, 'TPM_WITHOUT_UEFI'],
  ['arm64 with BIOS', { 'boot-mode': 'legacy-bios', ...arm64 }, 'BOOT_MODE_UNSUPPORTED'],
  ['arm64 that prefers UEFI', { 'boot-mode': 'uefi-preferred', ...arm64 }, 'BOOT_MODE_UNSUPPORTED'],
  ['another TPM', { tpm: 'v1.2' }, 'BAD_OPTION'],
  ['another IMDS', { imds: 'v1' }, 'BAD_OPTION'],
  ['UEFI data with BIOS', { 'boot-mode': 'legacy-bios', 'uefi-data': uefiData }, 'UEFI_DATA_UNUSED'],
  ['UEFI data that is not base64', { 'uefi-data': 'QU1a*' }, 'BAD_OPTION'],
  ['UEFI data that is cut off', { 'uefi-data': 'QU1aT' }, 'BAD_OPTION'],
  ['UEFI data that is too long', { 'uefi-data': 'QUJD'.repeat(16_001) }, 'BAD_OPTION'],
  ['throughput on gp2', { 'volume-type': 'gp2', 'volume-throughput': 125 }, 'BAD_VOLUME'],
  ['IOPS on gp2', { 'volume-type': 'gp2', 'volume-iops': 3000 }, 'BAD_VOLUME'],
  ['io2 without IOPS', { 'volume-type': 'io2' }, 'BAD_VOLUME'],
  ['too few IOPS', { 'volume-iops': 2999 }, 'BAD_VOLUME'],
  ['too many IOPS', { 'volume-type': 'io1', 'volume-iops': 64_001 }, 'BAD_VOLUME'],
  [
    'too many IOPS for the size',
    { 'volume-type': 'io1', 'volume-iops': 501, 'volume-size': 10 },
    'BAD_VOLUME',
  ],
  ['too much throughput for the IOPS', { 'volume-throughput': 751 }, 'BAD_VOLUME'],
  ['a root volume of a hard disk', { 'volume-type': 'st1', 'volume-size': 200 }, 'BAD_VOLUME'],
  ['a volume that is too large', { 'volume-type': 'standard', 'volume-size': 1025 }, 'BAD_VOLUME'],
  ['the root device twice', { devices: device({ device: '/dev/sda1', size: 1 }) }, 'DUPLICATE_DEVICE'],
  [
    'two names of one device',
    { devices: '[{"device":"/dev/sdb","size":1},{"device":"/dev/xvdb","size":1}]' },
    'DUPLICATE_DEVICE',
  ],
  ['a device without a size', { devices: device({ device: '/dev/sdb' }) }, 'BAD_DEVICE'],
  [
    'an instance store with a size',
    { devices: device({ device: '/dev/sdb', size: 1, 'virtual-name': 'ephemeral0' }) },
    'BAD_DEVICE',
  ],
  [
    'encryption beside a snapshot',
    { devices: device({ device: '/dev/sdb', snapshot: 'snap-0123456789abcdef0', encrypt: true }) },
    'BAD_DEVICE',
  ],
  [
    'a device of a bad volume',
    { devices: device({ device: '/dev/sdb', size: 1, type: 'st1' }) },
    'BAD_VOLUME',
  ],
  ['an unknown key of a device', { devices: device({ device: '/dev/sdb', seize: 1 }) }, 'BAD_OPTION'],
  ['devices that are not JSON', { devices: '/dev/sdb' }, 'BAD_OPTION'],
  ['another device name', { 'root-device': 'sda' }, 'BAD_OPTION'],
  ['an unknown placeholder', { 'ami-name': '{name}-{version}' }, 'BAD_OPTION'],
  ['a name that is too long', { 'ami-name': `{name}${'x'.repeat(119)}` }, 'BAD_AMI_NAME'],
  ['a character that EC2 refuses', { 'ami-name': '{name}+{suffix}' }, 'BAD_AMI_NAME'],
  ['a description that is too long', { description: 'x'.repeat(256) }, 'BAD_OPTION'],
  ['a reserved tag', { 'ami-tag': 'ec2-image:version=1' }, 'RESERVED_TAG'],
  ['too many tags', { tag: Array.from({ length: 38 }, (_, n) => `t${n}=1`) }, 'TOO_MANY_TAGS'],
  ['another protection', { 'deregistration-protection': 'on' }, 'BAD_OPTION'],
  ...badBootTests.map(
    ([what, settings]) =>
      [`a boot test with ${what}`, { 'boot-test': JSON.stringify(settings) }, 'BAD_OPTION'] as [
        string,
        Flags,
        string,
      ],
  ),
])('%s is refused before anything is done', async ([, flags, code], { account, images, runImport }) => {
  const served = images.server.requests.length;
  const end = await runImport(flags);
  const { error } = end.json<ImportDocument>();
  expect([end.exitCode, error?.code], end.stderr).toEqual([2, code]);
  expect(error?.hint).toMatch(/\w/);
  expect(images.server.requests.length).toBe(served);
  expect(account.aws.calls.list().some(({ mutating, service }) => mutating && service !== 'sts')).toBe(false);
});

test.for<[string, Flags]>([
  ['a family in place of an instance type', { 'instance-type': 't3' }],
  ['half a regular expression', { expect: 'login(' }],
  ['a time that is none', { 'boot-timeout': 'soon' }],
  ['a network for a subnet', { subnet: 'vpc-0123456789abcdef0' }],
])('the command boot-test refuses %s', async ([, flags], { account }) => {
  const all = { 'endpoint-url': account.aws.url, json: true, ...flags };
  const end = await runInProcess(['boot-test', 'ami-0123456789abcdef0', ...flagsOf(all)]);
  expect([end.exitCode, end.json<ImportDocument>().error?.code], end.stderr).toEqual([2, 'BAD_OPTION']);
  expect(account.aws.calls.list()).toEqual([]);
});

const big = testWith({ disk: { sizeBytes: 3 * 2 ** 30, dataBytes: 2 ** 18 } });

big.for([
  ['ebs', byEbs],
  ['s3', {}],
] as const)(
  'by way of %s, a volume smaller than the disk is refused before anything is uploaded',
  async ([, way], { account, runImport }) => {
    const tooSmall = await runImport({ ...way, 'volume-size': 2 });
    expect([tooSmall.exitCode, tooSmall.result.error?.code], tooSmall.stderr).toEqual([
      1,
      'VOLUME_TOO_SMALL',
    ]);
    const tooFast = await runImport({ ...way, 'volume-type': 'io1', 'volume-iops': 200 });
    // 50 IOPS a GiB, and the disk has 3 GiB.
    expect(tooFast.result.error?.code, tooFast.stderr).toBe('BAD_VOLUME');
    expect(account.calls('UploadPart')).toEqual([]);
    expect(account.calls('StartSnapshot')).toEqual([]);
  },
);
