import {
  CancelImportTaskCommand,
  CreateTagsCommand,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeImportSnapshotTasksCommand,
  DescribeSnapshotsCommand,
  RegisterImageCommand,
} from '@aws-sdk/client-ec2';
import { seedEc2 } from '../../src/ec2/seed.ts';
import { describe, expect, openAccount, refusal } from '../support/account.ts';
import { ended, input, start, taskOf, testWithDisk } from './imports.ts';

const test = testWithDisk();

describe('a fault', () => {
  test('ends a task as it says', async ({ account }) => {
    const statusMessage = 'ClientError: Disk validation failed';
    account.aws.faults.add({
      match: { operation: 'ImportSnapshot', parameters: { 'DiskContainer.UserBucket.S3Key': 'disk.*' } },
      nth: 2,
      action: { kind: 'task-fails', statusMessage },
    });
    const first = await start(account);
    const second = await start(account);
    expect(await ended(account, first)).toMatchObject({ Status: 'completed' });
    expect(await ended(account, second)).toMatchObject({ Status: 'deleted', StatusMessage: statusMessage });
    expect(await ended(account, await start(account))).toMatchObject({ Status: 'completed' });
  });

  test('makes a task stall until it is cancelled', async ({ account }) => {
    account.aws.faults.add({ action: { kind: 'task-stalls', progress: 42 } });
    const id = await start(account);
    const stalled = { Status: 'active', Progress: '42', StatusMessage: 'downloading/converting' };
    await expect.poll(async () => (await taskOf(account, id)).SnapshotTaskDetail).toMatchObject(stalled);
    await account.ec2.send(new CancelImportTaskCommand({ ImportTaskId: id }));
    expect(await ended(account, id)).toMatchObject({ Status: 'cancelled' });
  });

  test('hides for a while what was made, changed or deleted', async () => {
    let now = Date.now();
    await using lagging = await openAccount({ now: () => now });
    const snapshotId = 'snap-0123456789abcdef0';
    seedEc2({
      directory: lagging.directory,
      snapshots: [{ id: snapshotId, createdAt: now - 1, tags: { Name: 'old' } }],
    });
    now += 1000;
    const describe = async () => {
      const { Snapshots } = await lagging.ec2.send(
        new DescribeSnapshotsCommand({ Filters: [{ Name: 'snapshot-id', Values: [snapshotId] }] }),
      );
      return Snapshots!.map(({ Tags }) => Tags?.map(({ Value }) => Value));
    };
    lagging.aws.faults.add({ match: { operation: 'CreateTags' }, action: { kind: 'unseen', ms: 2000 } });
    const tag = new CreateTagsCommand({ Resources: [snapshotId], Tags: [{ Key: 'Name', Value: 'new' }] });
    await lagging.ec2.send(tag);
    expect(await describe()).toEqual([['old']]);
    now += 1999;
    expect(await describe()).toEqual([['old']]);
    now += 1;
    expect(await describe()).toEqual([['new']]);

    lagging.aws.faults.add({ match: { operation: 'RegisterImage' }, action: { kind: 'unseen', ms: 2000 } });
    const { ImageId } = await lagging.ec2.send(
      new RegisterImageCommand({
        Name: 'hidden',
        RootDeviceName: '/dev/sda1',
        BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { SnapshotId: snapshotId } }],
      }),
    );
    const image = () => lagging.ec2.send(new DescribeImagesCommand({ ImageIds: [ImageId!] }));
    await expect(image()).rejects.toEqual(refusal('InvalidAMIID.NotFound'));
    now += 2000;
    expect((await image()).Images).toHaveLength(1);

    lagging.aws.faults.add({ match: { operation: 'DeregisterImage' }, action: { kind: 'unseen', ms: 2000 } });
    await lagging.ec2.send(new DeregisterImageCommand({ ImageId }));
    const remove = () => lagging.ec2.send(new DeleteSnapshotCommand({ SnapshotId: snapshotId }));
    await expect(remove()).rejects.toEqual(refusal('InvalidSnapshot.InUse'));
    expect((await image()).Images).toHaveLength(1);
    now += 2000;
    await expect(image()).rejects.toEqual(refusal('InvalidAMIID.NotFound'));
    await remove();
    expect(await describe()).toEqual([]);
  });

  test('denies tags on creation, or at all', async ({ account }) => {
    account.aws.faults.add({
      match: { operation: 'ImportSnapshot', parameters: { 'TagSpecification.1.ResourceType': '*' } },
      action: { kind: 'error', preset: 'access-denied' },
    });
    const tagged = input('disk.raw', 'RAW', {
      TagSpecifications: [{ ResourceType: 'import-snapshot-task', Tags: [{ Key: 'k' }] }],
    });
    await start(account);
    await expect(start(account, tagged)).rejects.toEqual(
      refusal('UnauthorizedOperation', 'You are not authorized to perform this operation.', 403),
    );
    await start(account, tagged);
  });

  test('throttles as EC2 does', async ({ account }) => {
    account.aws.faults.add({
      match: { operation: 'DescribeImportSnapshotTasks' },
      action: { kind: 'error', preset: 'throttling' },
    });
    await expect(account.ec2.send(new DescribeImportSnapshotTasksCommand({}))).rejects.toEqual(
      refusal('RequestLimitExceeded', 'Request limit exceeded.', 503),
    );
  });
});
