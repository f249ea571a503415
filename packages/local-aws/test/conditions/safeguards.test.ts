import { EBSClient, StartSnapshotCommand } from '@aws-sdk/client-ebs';
import {
  DescribeSnapshotsCommand,
  DisableEbsEncryptionByDefaultCommand,
  DisableImageBlockPublicAccessCommand,
  DisableSnapshotBlockPublicAccessCommand,
  GetEbsDefaultKmsKeyIdCommand,
  GetEbsEncryptionByDefaultCommand,
  GetImageBlockPublicAccessStateCommand,
  GetSnapshotBlockPublicAccessStateCommand,
  ImportSnapshotCommand,
  type LaunchPermission,
  ModifyImageAttributeCommand,
  ModifySnapshotAttributeCommand,
  RegisterImageCommand,
} from '@aws-sdk/client-ec2';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { seedEc2 } from '../../src/index.ts';
import type { TestAccount } from '../../src/testing/index.ts';
import { openAdverse, outcomeOf } from './adverse-account.ts';

const hex = (number: number) => number.toString(16).padStart(16, '0');
const snapshot = (number: number) => `snap-0${hex(number)}`;
const image = (number: number) => `ami-0${hex(number)}`;

async function startedSnapshot({ observer, client }: TestAccount) {
  const started = await client(EBSClient).send(new StartSnapshotCommand({ VolumeSize: 1 }));
  const { Snapshots } = await observer.ec2.send(
    new DescribeSnapshotsCommand({ SnapshotIds: [started.SnapshotId!] }),
  );
  return { started, described: Snapshots![0]! };
}

describe('encryption by default', () => {
  it('is on, and encrypts what asks for none with the default key', async () => {
    await using account = await openAdverse({ seed: 1 });
    const { EbsEncryptionByDefault } = await account.ec2.send(new GetEbsEncryptionByDefaultCommand({}));
    const { KmsKeyId } = await account.ec2.send(new GetEbsDefaultKmsKeyIdCommand({}));
    expect([EbsEncryptionByDefault, KmsKeyId]).toEqual([true, 'alias/aws/ebs']);
    const { started, described } = await startedSnapshot(account);
    const key = expect.stringMatching(/^arn:aws:kms:us-east-1:123456789012:key\/[0-9a-f-]{36}$/);
    expect(started).toMatchObject({ SseType: 'sse-kms', KmsKeyArn: key });
    expect(described).toMatchObject({ Encrypted: true, KmsKeyId: started.KmsKeyArn });
  });

  it('can be turned off', async () => {
    await using account = await openAdverse({ seed: 1 });
    await account.ec2.send(new DisableEbsEncryptionByDefaultCommand({}));
    const { started, described } = await startedSnapshot(account);
    expect(started.SseType).toBe('none');
    expect(described).toMatchObject({ Encrypted: false });
    expect(described).not.toHaveProperty('KmsKeyId');
  });

  it('is off in calm conditions', async () => {
    await using account = await openAdverse({ conditions: 'calm' });
    const { EbsEncryptionByDefault } = await account.ec2.send(new GetEbsEncryptionByDefaultCommand({}));
    expect(EbsEncryptionByDefault).toBe(false);
  });
});

it('nothing can be made public before that is allowed, and then five AMIs', async () => {
  await using account = await openAdverse({ seed: 1 });
  const { ec2, observer, directory } = account;
  const numbers = [0, 1, 2, 3, 4, 5];
  seedEc2({
    directory,
    snapshots: numbers.map((number) => ({ id: snapshot(number) })),
    images: numbers.map((number) => ({
      id: image(number),
      name: `image-${number}`,
      snapshotIds: [snapshot(number)],
    })),
  });
  const publish = (number: number) =>
    outcomeOf(
      observer.ec2
        .send(
          new ModifyImageAttributeCommand({
            ImageId: image(number),
            LaunchPermission: { Add: [{ Group: 'all' }] },
          }),
        )
        .then(() => 'done'),
    );
  const publishSnapshot = () =>
    outcomeOf(
      observer.ec2
        .send(
          new ModifySnapshotAttributeCommand({
            SnapshotId: snapshot(0),
            CreateVolumePermission: { Add: [{ Group: 'all' }] },
          }),
        )
        .then(() => 'done'),
    );
  expect((await ec2.send(new GetImageBlockPublicAccessStateCommand({}))).ImageBlockPublicAccessState).toBe(
    'block-new-sharing',
  );
  expect((await ec2.send(new GetSnapshotBlockPublicAccessStateCommand({}))).State).toBe('block-all-sharing');
  expect([await publish(0), await publishSnapshot()]).toEqual([
    'OperationNotPermitted',
    'OperationNotPermitted',
  ]);
  await observer.ec2.send(new DisableImageBlockPublicAccessCommand({}));
  await observer.ec2.send(new DisableSnapshotBlockPublicAccessCommand({}));
  expect(await publishSnapshot()).toBe('done');
  const outcomes = [];
  for (const number of numbers) outcomes.push(await publish(number));
  expect(outcomes).toEqual([...Array(5).fill('done'), 'ResourceLimitExceeded']);
});

it('an AMI of an encrypted snapshot cannot be made public', async () => {
  await using account = await openAdverse({ conditions: 'calm' });
  const { ec2, directory } = account;
  const kmsKeyId = 'arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555';
  seedEc2({ directory, snapshots: [{ id: snapshot(0), encrypted: true, kmsKeyId }] });
  const Ebs = { SnapshotId: snapshot(0) };
  const { ImageId } = await ec2.send(
    new RegisterImageCommand({
      Name: 'encrypted',
      RootDeviceName: '/dev/sda1',
      BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs }],
    }),
  );
  const share = (permission: LaunchPermission) =>
    outcomeOf(
      ec2
        .send(new ModifyImageAttributeCommand({ ImageId, LaunchPermission: { Add: [permission] } }))
        .then(() => 'done'),
    );
  expect(await share({ UserId: '111122223333' })).toBe('done');
  expect(await share({ Group: 'all' })).toBe('UnsupportedOperation');
});

it('20 imports run at a time, and 100 snapshots are pending', async () => {
  await using account = await openAdverse({ seed: 1, buckets: ['disks'] });
  const { directory, ec2, s3, client } = account;
  await s3.send(new PutObjectCommand({ Bucket: 'disks', Key: 'disk', Body: Buffer.alloc(512) }));
  seedEc2({
    directory,
    snapshots: Array.from({ length: 100 }, (_, number) => ({ id: snapshot(number), state: 'pending' })),
    importTasks: Array.from({ length: 20 }, (_, number) => ({
      id: `import-snap-0${hex(number)}`,
      status: 'active',
      bucket: 'disks',
      key: 'disk',
    })),
  });
  const request = new ImportSnapshotCommand({
    DiskContainer: { Format: 'RAW', UserBucket: { S3Bucket: 'disks', S3Key: 'disk' } },
  });
  expect(await outcomeOf(ec2.send(request))).toBe('ResourceCountExceeded');
  expect(await outcomeOf(client(EBSClient).send(new StartSnapshotCommand({ VolumeSize: 1 })))).toBe(
    'ConcurrentLimitExceededException',
  );
});
