import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  DescribeSnapshotsCommand,
  ImportSnapshotCommand,
  type ImportSnapshotCommandInput,
  paginateDescribeImportSnapshotTasks,
  RegisterImageCommand,
} from '@aws-sdk/client-ec2';
import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { seedEc2 } from '../../src/ec2/seed.ts';
import { describe, expect, openAccount, refusal } from '../support/account.ts';
import { bucket, compareRaw, formats, putObject } from './disks.ts';
import { ended, input, openAccountWith, start, taskOf, testWithDisk, workFiles } from './imports.ts';

const test = testWithDisk();

describe('an import', () => {
  test.for(formats)('of %s makes a snapshot that holds the disk', async (format, { account, disk }) => {
    const object = await disk.as(format);
    await putObject(account.s3, `disk.${format}`, object);
    const id = await start(account, input(`disk.${format}`, format.toLowerCase()));
    const detail = await ended(account, id);
    expect(detail).toEqual({
      DiskImageSize: object.length,
      Format: format,
      SnapshotId: expect.stringMatching(/^snap-0[0-9a-f]{16}$/),
      Status: 'completed',
      UserBucket: { S3Bucket: bucket, S3Key: `disk.${format}` },
    });
    const SnapshotIds = [detail.SnapshotId!];
    const { Snapshots } = await account.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds }));
    expect(Snapshots![0]).toMatchObject({
      Description: `Created by AWS-VMImport service for ${id}`,
      State: 'completed',
      VolumeSize: 1,
      Encrypted: false,
    });
    expect(Snapshots![0]).not.toHaveProperty('Tags');
    expect(Snapshots![0]!.FullSnapshotSizeInBytes! % (512 * 1024)).toBe(0);
    await compareRaw(disk.rawPath, join(account.directory, 'snapshots', `${detail.SnapshotId}.raw`));
    expect(workFiles(account)).toEqual([]);
  });

  test('shows its stages, as EC2 does, and its snapshot pending before it is complete', async ({ disk }) => {
    const startedAt = Date.now();
    let time = startedAt;
    const importTaskMs = 100_000;
    const ec2 = { importTaskMs, snapshotCompletionMs: 1000 };
    await using slow = await openAccountWith(disk, { now: () => time, ec2 });
    await putObject(slow.s3, 'disk.vhdx', await disk.as('VHDX'));
    const answer = await slow.ec2.send(
      new ImportSnapshotCommand({
        ...input('disk.vhdx', 'VHDX'),
        Description: 'described',
        TagSpecifications: [{ ResourceType: 'import-snapshot-task', Tags: [{ Key: 'Name', Value: 'x' }] }],
      }),
    );
    expect(answer).toMatchObject({
      Description: 'described',
      SnapshotTaskDetail: { DiskImageSize: 0, Progress: '0' },
      Tags: [{ Key: 'Name', Value: 'x' }],
    });
    const id = answer.ImportTaskId!;
    const detail = async () => (await taskOf(slow, id)).SnapshotTaskDetail!;
    const progress: number[] = [];
    const stages = {
      0: 'pending',
      0.1: 'validating',
      0.2: 'validated',
      0.3: 'downloading/converting',
      0.85: 'updating',
    };
    for (const [share, message] of Object.entries(stages)) {
      time = startedAt + Number(share) * importTaskMs;
      await expect.poll(async () => (await detail()).StatusMessage, { timeout: 10_000 }).toBe(message);
      const { Progress, ...shown } = await detail();
      expect(shown).toMatchObject({ Status: 'active', SnapshotId: '' });
      progress.push(Number(Progress));
    }
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    const all = async () => (await slow.ec2.send(new DescribeSnapshotsCommand({}))).Snapshots!;
    const [pending] = await all();
    expect(pending).toMatchObject({ State: 'pending', Progress: '0%' });
    const file = join(slow.directory, 'snapshots', `${pending!.SnapshotId}.raw`);
    await expect.poll(() => existsSync(file)).toBe(true);
    time = startedAt + importTaskMs;
    const completed = await ended(slow, id);
    expect(completed).toMatchObject({ Status: 'completed', SnapshotId: pending!.SnapshotId });
    expect(completed).not.toHaveProperty('Progress');
    expect(completed).not.toHaveProperty('StatusMessage');
    const register = () =>
      slow.ec2.send(
        new RegisterImageCommand({
          Name: 'too early',
          RootDeviceName: '/dev/sda1',
          BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { SnapshotId: completed.SnapshotId } }],
        }),
      );
    await expect(register()).rejects.toEqual(refusal('IncorrectState', /pending/));
    time += 1000;
    expect(await all()).toMatchObject([{ State: 'completed', CompletionTime: new Date(time) }]);
    await register();
  });

  test('is one for one token, and another request may not use it', async ({ account }) => {
    const given = input('disk.raw', 'RAW', { ClientToken: 'token-1', Description: 'a' });
    const ids = await Promise.all([start(account, given), start(account, given), start(account, given)]);
    expect(new Set(ids).size).toBe(1);
    await ended(account, ids[0]!);
    expect(await start(account, given)).toBe(ids[0]);
    expect(await start(account, { ...given, ClientToken: 'token-2' })).not.toBe(ids[0]);
    for (const other of [
      { ...given, Description: 'b' },
      {
        ...given,
        TagSpecifications: [{ ResourceType: 'import-snapshot-task' as const, Tags: [{ Key: 'k' }] }],
      },
    ]) {
      await expect(start(account, other)).rejects.toEqual(refusal('IdempotentParameterMismatch'));
    }
  });

  test('takes the object by its URL as well', async ({ account }) => {
    const id = await start(account, { DiskContainer: { Format: 'RAW', Url: `s3://${bucket}/disk.raw` } });
    expect(await ended(account, id)).toMatchObject({ Status: 'completed', Url: `s3://${bucket}/disk.raw` });
  });

  test('encrypts where it is told to, with a key that the role may use', async ({ account }) => {
    const { KeyMetadata } = await account.client(KMSClient).send(new CreateKeyCommand({}));
    const KmsKeyId = KeyMetadata!.Arn!;
    const encrypted = input('disk.raw', 'RAW', { Encrypted: true, KmsKeyId });
    expect(await ended(account, await start(account, encrypted))).toMatchObject({
      Status: 'deleted',
      StatusMessage: expect.stringContaining('403 Forbidden'),
    });
    const Statement = [{ Effect: 'Allow', Action: 'kms:*', Resource: KmsKeyId }];
    await account.client(IAMClient).send(
      new PutRolePolicyCommand({
        ...{ RoleName: 'vmimport', PolicyName: 'key' },
        PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
      }),
    );
    const detail = await ended(account, await start(account, encrypted));
    expect(detail).toMatchObject({ Encrypted: true, KmsKeyId });
    const { Snapshots } = await account.ec2.send(
      new DescribeSnapshotsCommand({ SnapshotIds: [detail.SnapshotId!] }),
    );
    expect(Snapshots![0]).toMatchObject({ Encrypted: true, KmsKeyId });
  });

  test.for([
    [{ DiskContainer: undefined }, 'MissingParameter', /DiskContainer/],
    [{ DiskContainer: { Format: 'RAW' } }, 'InvalidParameterValue', /disk container/],
    [input('disk.raw', 'QCOW2'), 'InvalidParameter', /QCOW2/],
    [input('absent'), 'InvalidParameter', 'Invalid S3 source location'],
    [
      { DiskContainer: { Format: 'RAW', UserBucket: { S3Bucket: 'nobodys', S3Key: 'k' } } },
      'InvalidParameter',
      'Invalid S3 source location',
    ],
    [
      { DiskContainer: { Format: 'RAW', UserBucket: { S3Bucket: 'elsewhere', S3Key: 'k' } } },
      'InvalidParameter',
      'The given S3 object is not local to the region. The object must be located in us-east-1.',
    ],
    [
      input('disk.raw', 'RAW', { RoleName: 'other' }),
      'InvalidParameter',
      'The service role other provided does not exist or does not have sufficient permissions',
    ],
    [input('disk.raw', 'RAW', { KmsKeyId: 'k' }), 'InvalidParameterDependency', /KmsKeyId/],
    [
      input('disk.raw', 'RAW', { TagSpecifications: [{ ResourceType: 'snapshot', Tags: [{ Key: 'k' }] }] }),
      'InvalidParameterValue',
      /'snapshot' is not a valid taggable resource type/,
    ],
    [input('disk.raw', 'RAW', { ClientToken: 't'.repeat(65) }), 'InvalidParameterValue', /ClientToken/],
    [input('disk.raw', 'RAW', { DryRun: true }), 'DryRunOperation', undefined, 412],
  ] as [ImportSnapshotCommandInput, string, string | RegExp, number?][])(
    'is refused: %j',
    async ([given, code, message, status], { account }) => {
      const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' as const };
      await account.s3
        .send(new CreateBucketCommand({ Bucket: 'elsewhere', CreateBucketConfiguration }))
        .catch(() => {});
      await expect(start(account, given)).rejects.toEqual(refusal(code, message, status));
    },
  );
});

describe('DescribeImportSnapshotTasks', () => {
  test('lists the ended tasks of seven days, page by page, and by filters', async () => {
    let now = Date.now();
    await using other = await openAccount({ now: () => now });
    const day = 24 * 60 * 60 * 1000;
    seedEc2({
      directory: other.directory,
      importTasks: [
        ...Array.from({ length: 7 }, (_, n) => ({ bucket, key: `k${n}`, createdAt: now - n * day - 1 })),
        {
          bucket,
          key: 'failed',
          createdAt: now,
          status: 'deleted',
          statusMessage: 'ClientError: no',
          tags: { Name: 'x' },
        },
        { bucket, key: 'running', status: 'active', createdAt: now - 30 * day },
      ],
    });
    const keys = async (given = {}) => {
      const found: (string | undefined)[] = [];
      for await (const { ImportSnapshotTasks } of paginateDescribeImportSnapshotTasks(
        { client: other.ec2, pageSize: 2 },
        given,
      )) {
        found.push(...ImportSnapshotTasks!.map((task) => task.SnapshotTaskDetail!.UserBucket!.S3Key));
      }
      return found.sort();
    };
    expect(await keys()).toEqual(['failed', 'k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'running']);
    expect(await keys({ Filters: [{ Name: 'task-state', Values: ['deleted'] }] })).toEqual(['failed']);
    expect(await keys({ Filters: [{ Name: 'tag:Name', Values: ['x'] }] })).toEqual(['failed']);
    now += 3 * day;
    expect(await keys()).toEqual(['failed', 'k0', 'k1', 'k2', 'k3', 'running']);
    await expect(taskOf(other, 'import-snap-0123456789abcdef0')).rejects.toEqual(
      refusal('InvalidConversionTaskId'),
    );
    await expect(taskOf(other, 'snap-1')).rejects.toEqual(refusal('InvalidConversionTaskId.Malformed'));
  });
});
