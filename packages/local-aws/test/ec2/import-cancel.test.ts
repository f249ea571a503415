import { join } from 'node:path';
import { CancelImportTaskCommand, DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import { seedEc2 } from '../../src/ec2/seed.ts';
import { describe, expect, refusal, type TestAccount } from '../support/account.ts';
import { compareRaw } from './disks.ts';
import { ended, openAccountWith, start, taskOf, testWithDisk, workFiles } from './imports.ts';

const test = testWithDisk();

describe('CancelImportTask', () => {
  const cancel = ({ ec2 }: TestAccount, ImportTaskId: string) =>
    ec2.send(new CancelImportTaskCommand({ ImportTaskId }));

  test('ends the task, and leaves nothing of it', async ({ disk }) => {
    await using slow = await openAccountWith(disk, { ec2: { importTaskMs: 60_000 } });
    const id = await start(slow);
    expect(await cancel(slow, id)).toMatchObject({
      ImportTaskId: id,
      State: 'cancelling',
      PreviousState: 'active',
    });
    expect(await ended(slow, id)).toMatchObject({ Status: 'cancelled' });
    await expect(cancel(slow, id)).rejects.toEqual(refusal('IncorrectState', /cancelled/));
    const { Snapshots } = await slow.ec2.send(new DescribeSnapshotsCommand({}));
    expect(Snapshots).toEqual([]);
    expect(workFiles(slow)).toEqual([]);
  });

  test('may come too late, and then the task completes', async ({ disk }) => {
    let time = Date.now();
    await using late = await openAccountWith(disk, {
      now: () => time,
      ec2: { importTaskMs: 1000 },
      faults: [{ match: { operation: 'CancelImportTask' }, action: { kind: 'completes-while-cancelling' } }],
    });
    const id = await start(late);
    await cancel(late, id);
    expect((await taskOf(late, id)).SnapshotTaskDetail).toMatchObject({
      Status: 'cancelling',
      SnapshotId: '',
    });
    time += 1000;
    const { SnapshotId } = await ended(late, id);
    await compareRaw(disk.rawPath, join(late.directory, 'snapshots', `${SnapshotId}.raw`));
  });

  test('ends a task that was seeded as active, whose object there never was', async ({ account }) => {
    const id = 'import-snap-0123456789abcdef1';
    const importTasks = [{ id, bucket: 'none', key: 'none', status: 'active' as const }];
    seedEc2({ directory: account.directory, importTasks });
    expect((await taskOf(account, id)).SnapshotTaskDetail).toMatchObject({
      Status: 'active',
      Progress: '19',
    });
    await cancel(account, id);
    expect(await ended(account, id)).toMatchObject({ Status: 'cancelled' });
  });

  test.for([
    ['import-snap-0123456789abcdef0', 'InvalidConversionTaskId'],
    ['task-1', 'InvalidConversionTaskId.Malformed'],
  ] as const)('refuses %s', async ([id, code], { account }) => {
    await expect(cancel(account, id)).rejects.toEqual(refusal(code));
  });
});
