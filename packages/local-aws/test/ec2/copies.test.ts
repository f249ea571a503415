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
import { CreateKeyCommand, DisableKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { it } from 'vitest';
import { seedEc2 } from '../../src/ec2/seed.ts';
import type { FaultAction } from '../../src/faults/rules.ts';
import type { TestAccountOptions } from '../../src/testing/index.ts';
import { describe, expect, openAccount, refusal, testWith } from '../support/account.ts';

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

describe('a copy takes its time', () => {
  async function openWithImage(options: TestAccountOptions) {
    const account = await openAccount(options);
    seedEc2({
      directory: account.directory,
      snapshots: [{ id: snap, fullSizeBytes: bytes.length }],
      images: [{ id: ami, name: 'image', snapshotIds: [snap] }],
    });
    return { account, far: account.client(EC2Client, { region: 'eu-west-1', maxAttempts: 5 }) };
  }

  const copyAs = (client: EC2Client, Name: string, more: Partial<CopyImageCommandInput> = {}) =>
    client.send(new CopyImageCommand({ ...from, SourceImageId: ami, Name, ...more }));
  const states = async (client: EC2Client, id: string) => {
    const { Images } = await client.send(new DescribeImagesCommand({ ImageIds: [id] }));
    const [image] = Images!;
    const snapshot = await snapshotOf(client, image!.BlockDeviceMappings![0]!.Ebs!.SnapshotId!);
    return { image: image!, snapshot };
  };

  it('is pending with its snapshot', async () => {
    let time = Date.now();
    const { account, far } = await openWithImage({ ec2: { copyMs: 600_000 }, now: () => time });
    await using _ = account;
    time += 1_000;
    const { ImageId } = await copyAs(far, 'copy');
    expect(await states(far, ImageId!)).toMatchObject({
      image: { State: 'pending' },
      snapshot: { State: 'pending' },
    });
    time += 601_000;
    expect(await states(far, ImageId!)).toMatchObject({
      image: { State: 'available' },
      snapshot: { State: 'completed' },
    });
  });

  it('lasts for some reads of its region where conditions are adverse', async () => {
    const { account, far } = await openWithImage({ conditions: 'adverse', seed: 5 });
    await using _ = account;
    const observer = account.observer.client(EC2Client, { region: 'eu-west-1' });
    const pending: string[] = [];
    for (const name of ['one', 'two', 'three', 'four']) {
      const { ImageId } = await copyAs(far, name);
      const { image } = await states(observer, ImageId!);
      // Whoever watches counts as nobody.
      expect((await states(observer, ImageId!)).image.State).toBe(image.State);
      pending.push(image.State!);
      for (let n = 0; n < 8; n += 1) await far.send(new DescribeImagesCommand({ Owners: ['self'] }));
      expect(await states(observer, ImageId!)).toMatchObject({
        image: { State: 'available' },
        snapshot: { State: 'completed' },
      });
    }
    expect(pending).toContain('pending');
  });

  it('20 snapshots at a time arrive in a region', async () => {
    const { account, far } = await openWithImage({ quotas: { snapshotCopies: 2 }, ec2: { copyMs: 600_000 } });
    await using _ = account;
    await copyAs(far, 'one');
    await far.send(new CopySnapshotCommand({ ...from, SourceSnapshotId: snap }));
    await expect(copyAs(far, 'two')).rejects.toEqual(
      refusal('ResourceLimitExceeded', /Too many snapshot copies in progress\. The limit is 2/),
    );
    await expect(copyAs(account.ec2, 'elsewhere')).resolves.toHaveProperty('ImageId');
  });

  it('can fail, or never end', async () => {
    const fault = (kind: object, region: string) => ({
      match: { service: 'ec2' as const, region, operation: 'CopyImage' },
      action: kind as FaultAction,
    });
    const { account, far } = await openWithImage({
      faults: [
        fault({ kind: 'copy-fails', statusMessage: 'Internal error' }, 'eu-west-1'),
        fault({ kind: 'copy-stalls' }, 'us-east-1'),
      ],
    });
    await using _ = account;
    const failed = await copyAs(far, 'copy');
    expect(await states(far, failed.ImageId!)).toMatchObject({
      image: { State: 'failed', StateReason: { Message: 'Internal error' } },
      snapshot: { State: 'error', StateMessage: 'Internal error' },
    });
    const stalled = await copyAs(account.ec2, 'copy');
    expect(await states(account.ec2, stalled.ImageId!)).toMatchObject({ image: { State: 'pending' } });
  });

  it('is encrypted with a key of its region, and fails without the use of one', async () => {
    const { account, far } = await openWithImage({});
    await using _ = account;
    const keys = account.client(KMSClient, { region: 'eu-west-1' });
    const key = (await keys.send(new CreateKeyCommand({}))).KeyMetadata!;
    const own = await copyAs(far, 'own', { Encrypted: true, KmsKeyId: key.KeyId });
    expect((await states(far, own.ImageId!)).snapshot).toMatchObject({ Encrypted: true, KmsKeyId: key.Arn });
    // Back: the key is of the other region.
    const back = await account.ec2.send(
      new CopyImageCommand({ SourceRegion: 'eu-west-1', SourceImageId: own.ImageId!, Name: 'back' }),
    );
    expect((await states(account.ec2, back.ImageId!)).snapshot).toMatchObject({
      Encrypted: true,
      KmsKeyId: expect.stringMatching(/^arn:aws:kms:us-east-1:/),
    });
    const same = await far.send(
      new CopyImageCommand({ SourceRegion: 'eu-west-1', SourceImageId: own.ImageId!, Name: 'same' }),
    );
    expect((await states(far, same.ImageId!)).snapshot).toMatchObject({ KmsKeyId: key.Arn });
    await keys.send(new DisableKeyCommand({ KeyId: key.KeyId }));
    const unusable = await copyAs(far, 'unusable', { Encrypted: true, KmsKeyId: key.KeyId });
    expect(await states(far, unusable.ImageId!)).toMatchObject({
      image: { State: 'failed' },
      snapshot: { State: 'error', StateMessage: 'Given key ID is not accessible' },
    });
  });
});
