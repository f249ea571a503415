import { join } from 'node:path';
import { CancelImportTaskCommand, DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedEc2 } from '../../src/ec2/seed.ts';
import { type Account, refusal } from './account.ts';
import { compareRaw, type Disk, makeDisk } from './disks.ts';
import { ended, openAccountWith, start, taskOf, workFiles } from './imports.ts';

let account: Account;
let disk: Disk;

beforeAll(async () => {
  disk = await makeDisk();
  account = await openAccountWith(disk);
});
afterAll(async () => {
  await account[Symbol.asyncDispose]();
  await disk[Symbol.asyncDispose]();
});

describe('CancelImportTask', () => {
  const cancel = ({ ec2 }: Account, ImportTaskId: string) =>
    ec2.send(new CancelImportTaskCommand({ ImportTaskId }));

  it('ends the task, and leaves nothing of it', async () => {
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

  it('may come too late, and then the task completes', async () => {
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

  it('ends a task that was seeded as active, whose object there never was', async () => {
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

  it.each([
    ['import-snap-0123456789abcdef0', 'InvalidConversionTaskId'],
    ['task-1', 'InvalidConversionTaskId.Malformed'],
  ])('refuses %s', async (id, code) => {
    await expect(cancel(account, id)).rejects.toEqual(refusal(code));
  });
});
