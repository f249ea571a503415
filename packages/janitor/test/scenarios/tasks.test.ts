import { CreateTagsCommand, DescribeSnapshotsCommand, ImportSnapshotCommand } from '@aws-sdk/client-ec2';
import { tagList } from '@ec2-image/provenance';
import { expect } from 'vitest';
import { bucket, calmIt, it, type JanitorAccount, results, verdicts } from '../support/account.ts';
import { id, importedBy, key, ourTags, provenance, putObject } from '../support/resources.ts';

let changes: () => string[];

/** A real import of the object, which never gets beyond a few percent. */
async function startStalledImport(account: JanitorAccount, startedHoursAgo: number): Promise<string> {
  account.aws.faults.add({
    match: { operation: 'ImportSnapshot' },
    action: { kind: 'task-stalls', progress: 10 },
  });
  const { ImportTaskId } = await account.observer.ec2.send(
    new ImportSnapshotCommand({
      DiskContainer: { Format: 'RAW', UserBucket: { S3Bucket: bucket, S3Key: key } },
      TagSpecifications: [{ ResourceType: 'import-snapshot-task', Tags: tagList(ourTags()) }],
    }),
  );
  await account.observer.ec2.send(
    new CreateTagsCommand({
      Resources: [ImportTaskId!],
      Tags: tagList(provenance(account.hoursAgo(startedHoursAgo))),
    }),
  );
  return ImportTaskId!;
}

// Calm: how the cancelled task ends is what it is about.
calmIt(
  '10: an active task older than the minimum age, its importer gone: cancels, waits, cleans',
  async ({ account }) => {
    await putObject(account, 100);
    const taskId = await startStalledImport(account, 100);
    changes = account.watch();
    const { outcomes } = await account.clean();
    expect(results(outcomes)).toEqual([`${taskId} deleted`, `${key} deleted`]);
    expect(changes()).toEqual([`CancelImportTask ${taskId}`, `DeleteObject ${key}`]);
    expect((await account.find()).resources).toEqual([]);
  },
);

it('10, 11: one that is cancelled, however it ends, leaves nothing that a later sweep does not find', async ({
  account,
}) => {
  await putObject(account, 100);
  const taskId = await startStalledImport(account, 100);
  changes = account.watch();
  const { outcomes } = await account.clean();
  const { Snapshots = [] } = await account.observer.ec2.send(
    new DescribeSnapshotsCommand({ OwnerIds: ['self'] }),
  );
  const [task, ...others] = outcomes;
  expect(task).toMatchObject({
    resource: { id: taskId },
    outcome: Snapshots.length > 0 ? 'skipped' : 'deleted',
  });
  expect(results(others)).toEqual([`${key} deleted`]);
  expect(changes()).toEqual([`CancelImportTask ${taskId}`, `DeleteObject ${key}`]);
  // A later sweep, not the very next: EC2's lists lag behind.
  await expect
    .poll(async () => verdicts(await account.find()), { interval: 1, timeout: 20_000 })
    .toEqual(Snapshots.map(({ SnapshotId }) => `${SnapshotId} keep too-recent`));
});

// Calm: how the cancelled task ends is what it is about.
calmIt(
  '11: a task that completes while it is being cancelled: treats its snapshot as new',
  async ({ account }) => {
    await putObject(account, 100);
    const taskId = await startStalledImport(account, 100);
    account.aws.faults.add({
      match: { operation: 'CancelImportTask' },
      action: { kind: 'completes-while-cancelling' },
    });
    changes = account.watch();
    const { outcomes } = await account.clean();
    const { Snapshots } = await account.observer.ec2.send(
      new DescribeSnapshotsCommand({ OwnerIds: ['self'] }),
    );
    expect(Snapshots).toHaveLength(1);
    expect(outcomes).toMatchObject([
      {
        outcome: 'skipped',
        detail: expect.stringContaining(`${Snapshots![0]!.SnapshotId} is treated as new`),
      },
      { outcome: 'deleted', resource: { kind: 'object' } },
    ]);
    expect(changes()).toEqual([`CancelImportTask ${taskId}`, `DeleteObject ${key}`]);
    expect(verdicts(await account.find())).toEqual([`${Snapshots![0]!.SnapshotId} keep too-recent`]);
  },
);

it('13: a task without a time: keeps it, says why', async ({ account }) => {
  account.seed({
    importTasks: [{ id: id('import-snap', 1), bucket, key, status: 'active', tags: provenance() }],
  });
  changes = account.watch();
  const { plan } = await account.clean();
  expect(plan.resources).toMatchObject([
    { verdict: 'keep', code: 'no-age', reason: expect.stringContaining('no started-at tag') },
  ]);
  expect(changes()).toEqual([]);
});

it('14: an untagged snapshot, provable through its task: deletes it', async ({ account }) => {
  const [taskId, snapshotId] = [id('import-snap', 1), id('snap', 1)];
  account.seed({
    importTasks: [
      { id: taskId, bucket, key, createdAt: account.hoursAgo(100), snapshotId, tags: provenance() },
    ],
    snapshots: [{ id: snapshotId, createdAt: account.hoursAgo(100), description: importedBy(taskId) }],
  });
  changes = account.watch();
  const { plan, outcomes } = await account.clean();
  expect(plan.resources).toMatchObject([
    { proof: expect.stringContaining(`was made by import task ${taskId}`) },
  ]);
  expect(results(outcomes)).toEqual([`${snapshotId} deleted`]);
  expect(changes()).toEqual([`DeleteSnapshot ${snapshotId}`]);
});

it('15: an untagged snapshot, no proof: reports it', async ({ account }) => {
  account.seed({
    snapshots: [
      { id: id('snap', 1), createdAt: account.hoursAgo(100), description: importedBy(id('import-snap', 9)) },
      { id: id('snap', 2), createdAt: account.hoursAgo(100), description: 'a backup' },
    ],
  });
  changes = account.watch();
  const { plan } = await account.clean();
  expect(verdicts(plan)).toEqual([`${id('snap', 1)} keep no-proof`]);
  expect(changes()).toEqual([]);
});
