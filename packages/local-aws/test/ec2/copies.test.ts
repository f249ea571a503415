import { readFile, writeFile } from 'node:fs/promises';
import {
  CopyImageCommand,
  type CopyImageCommandInput,
  CopySnapshotCommand,
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  EC2Client,
  ModifySnapshotAttributeCommand,
} from '@aws-sdk/client-ec2';
import { seedEc2 } from '../../src/ec2/seed.ts';
import { expect, openAccount, refusal, testWith } from '../support/account.ts';

const ami = `ami-${'1'.padStart(17, '0')}`;
const snap = `snap-${'1'.padStart(17, '0')}`;
const from = { SourceRegion: 'us-east-1' };
const bytes = Buffer.alloc(2 * 1024 ** 2, 'x');

const test = testWith({}, async (account) => {
  seedEc2({
    directory: account.directory,
    snapshots: [{ id: snap, description: 'made', tags: { a: '1' }, fullSizeBytes: bytes.length }],
    images: [{ id: ami, name: 'image', snapshotIds: [snap], tags: { Name: 'image', b: '2' } }],
  });
  await writeFile(account.snapshotPath(snap), bytes);
}).extend('far', { scope: 'file' }, ({ account }) => account.client(EC2Client, { region: 'eu-west-1' }));

const snapshotOf = async (client: EC2Client, id: string) =>
  (await client.send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }))).Snapshots![0]!;

test('CopySnapshot copies bytes and no tags into the region of the call', async ({ account, far }) => {
  const { SnapshotId } = await far.send(new CopySnapshotCommand({ ...from, SourceSnapshotId: snap }));
  expect(await snapshotOf(far, SnapshotId!)).toMatchObject({
    Description: `[Copied ${snap} from us-east-1] made`,
    VolumeId: 'vol-ffffffff',
    State: 'completed',
    Encrypted: false,
  });
  expect((await snapshotOf(far, SnapshotId!)).Tags ?? []).toEqual([]);
  expect(bytes.equals(await readFile(account.snapshotPath(SnapshotId!)))).toBe(true);
  const described = await account.ec2.send(
    new CopySnapshotCommand({
      ...from,
      SourceSnapshotId: snap,
      Description: 'mine',
      Encrypted: true,
      TagSpecifications: [{ ResourceType: 'snapshot', Tags: [{ Key: 'c', Value: '3' }] }],
    }),
  );
  expect(described.Tags).toEqual([{ Key: 'c', Value: '3' }]);
  expect(await snapshotOf(account.ec2, described.SnapshotId!)).toMatchObject({
    Description: 'mine',
    Encrypted: true,
    Tags: [{ Key: 'c', Value: '3' }],
  });
});

test('CopySnapshot refuses what is not there, not shared or contradictory', async ({ account }) => {
  const copy = (client: EC2Client, more: object = {}) =>
    client.send(new CopySnapshotCommand({ ...from, SourceSnapshotId: snap, ...more }));
  await expect(copy(account.ec2, { SourceRegion: 'eu-west-1' })).rejects.toEqual(
    refusal('InvalidSnapshot.NotFound'),
  );
  await expect(copy(account.ec2, { KmsKeyId: 'k' })).rejects.toEqual(refusal('InvalidParameterDependency'));
  await expect(copy(account.ec2, { CompletionDurationMinutes: 20 })).rejects.toEqual(
    refusal('InvalidParameterValue', /multiple of 15/),
  );
  await using other = await openAccount({ directory: account.directory, accountId: '210987654321' });
  const stranger = other.client(EC2Client, { credentials: { accessKeyId: 'other', secretAccessKey: 'x' } });
  await expect(copy(stranger)).rejects.toEqual(refusal('InvalidSnapshot.NotFound'));
  await account.ec2.send(
    new ModifySnapshotAttributeCommand({ SnapshotId: snap, OperationType: 'add', UserIds: ['210987654321'] }),
  );
  expect((await copy(stranger)).SnapshotId).toMatch(/^snap-/);
});

test('CopyImage names its source, copies tags where it is asked to, and its snapshots say what they are', async ({
  far,
}) => {
  const copy = (more: Partial<CopyImageCommandInput> = {}) =>
    far.send(
      new CopyImageCommand({ ...from, SourceImageId: ami, Name: 'copy', ClientToken: 'once', ...more }),
    );
  const { ImageId } = await copy({
    CopyImageTags: true,
    TagSpecifications: [{ ResourceType: 'snapshot', Tags: [{ Key: 'd', Value: '4' }] }],
  });
  const { Images } = await far.send(new DescribeImagesCommand({ ImageIds: [ImageId!] }));
  expect(Images).toMatchObject([
    {
      Name: 'copy',
      State: 'available',
      Description: `[Copied ${ami} from us-east-1] image`,
      SourceImageId: ami,
      SourceImageRegion: 'us-east-1',
      Tags: [
        { Key: 'Name', Value: 'image' },
        { Key: 'b', Value: '2' },
      ],
    },
  ]);
  const snapshotId = Images![0]!.BlockDeviceMappings![0]!.Ebs!.SnapshotId!;
  expect(snapshotId).not.toBe(snap);
  expect(await snapshotOf(far, snapshotId)).toMatchObject({
    Description: expect.stringMatching(
      new RegExp(`^Copied for DestinationAmi ${ImageId} from SourceAmi ${ami} for SourceSnapshot ${snap}\\.`),
    ),
    Tags: [{ Key: 'd', Value: '4' }],
  });
  await expect(copy({ ClientToken: 'another' })).rejects.toEqual(refusal('InvalidAMIName.Duplicate'));
  await expect(copy({ Name: 'other' })).rejects.toEqual(refusal('IdempotentParameterMismatch'));
  await expect(copy({ SourceRegion: 'eu-west-1', ClientToken: undefined })).rejects.toEqual(
    refusal('InvalidAMIID.NotFound'),
  );
});
