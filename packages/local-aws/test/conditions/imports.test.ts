import { EBSClient, ListSnapshotBlocksCommand } from '@aws-sdk/client-ebs';
import {
  CancelImportTaskCommand,
  DescribeImportSnapshotTasksCommand,
  DescribeSnapshotsCommand,
  ImportSnapshotCommand,
  type SnapshotTaskDetail,
} from '@aws-sdk/client-ec2';
import { expect } from 'vitest';
import type { TestAccount } from '../../src/testing/index.ts';
import { bucket } from '../ec2/disks.ts';
import { testWithDisk } from '../ec2/imports.ts';
import { outcomeOf } from './adverse-account.ts';

const test = testWithDisk({ conditions: 'adverse', maxAttempts: 5, seed: 3, ec2: { importTaskMs: 50 } });

async function start(account: TestAccount): Promise<string> {
  const { ImportTaskId } = await account.ec2.send(
    new ImportSnapshotCommand({
      DiskContainer: { Format: 'RAW', UserBucket: { S3Bucket: bucket, S3Key: 'disk.raw' } },
    }),
  );
  return ImportTaskId!;
}

/** Every answer until the task has ended. */
async function watch(account: TestAccount, id: string): Promise<SnapshotTaskDetail[]> {
  const seen: SnapshotTaskDetail[] = [];
  for (;;) {
    const answer = await outcomeOf(
      account.ec2.send(new DescribeImportSnapshotTasksCommand({ ImportTaskIds: [id] })),
    );
    const detail =
      typeof answer === 'string' ? undefined : answer.ImportSnapshotTasks?.[0]?.SnapshotTaskDetail;
    if (detail) seen.push(detail);
    if (['completed', 'cancelled', 'deleted'].includes(detail?.Status ?? '')) return seen;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('a running task looks odd, read by read', async ({ account }) => {
  account.aws.faults.add({
    match: { operation: 'ImportSnapshot' },
    action: { kind: 'task-stalls', progress: 50 },
  });
  const id = await start(account);
  const seen: SnapshotTaskDetail[] = [];
  while (seen.length < 60) {
    const { ImportSnapshotTasks: tasks = [] } = await account.ec2.send(
      new DescribeImportSnapshotTasksCommand({ Filters: [{ Name: 'import-task-id', Values: [id] }] }),
    );
    seen.push(...tasks.map((task) => task.SnapshotTaskDetail!));
  }
  const progress = seen.map(({ Progress }) => Number(Progress));
  expect(new Set(seen.map(({ Status }) => Status)).size).toBeGreaterThan(2);
  expect(seen.some(({ Progress }) => Progress === undefined)).toBe(true);
  expect(progress.some((percent, at) => at > 0 && percent < progress[at - 1]!)).toBe(true);
  expect(new Set(seen.map(({ DiskImageSize }) => DiskImageSize)).size).toBeGreaterThan(1);
  expect(new Set(seen.map(({ SnapshotId }) => SnapshotId))).toEqual(new Set(['']));
  await account.observer.ec2.send(new CancelImportTaskCommand({ ImportTaskId: id }));
});

test('the snapshot is out of sight or pending for a few reads after its task; zeros are written or not', async ({
  account,
  disk,
}) => {
  const states: string[] = [];
  const blocks = new Set<number>();
  for (let number = 0; number < 8; number += 1) {
    const { SnapshotId } = (await watch(account, await start(account))).at(-1)!;
    for (let state = ''; state !== 'completed'; states.push(state)) {
      const answer = await outcomeOf(
        account.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [SnapshotId!] })),
      );
      state = typeof answer === 'string' ? answer : answer.Snapshots![0]!.State!;
    }
    let listed = 0;
    for (let NextToken: string | undefined; ; ) {
      const ebs = account.client(EBSClient);
      const page = await ebs.send(
        new ListSnapshotBlocksCommand({ SnapshotId: SnapshotId!, MaxResults: 10_000, NextToken }),
      );
      listed += page.Blocks!.length;
      NextToken = page.NextToken;
      if (!NextToken) break;
    }
    blocks.add(listed);
  }
  expect(states).toContain('InvalidSnapshot.NotFound');
  // Those with data, or every one of the disk.
  expect(blocks.size).toBe(2);
  expect(blocks).toContain(Math.ceil(disk.sizeBytes / 524_288));
});

test('some cancelled tasks complete all the same', async ({ account }) => {
  const ends = new Set<string | undefined>();
  for (let number = 0; number < 12 && ends.size < 2; number += 1) {
    const id = await start(account);
    const cancel = () => outcomeOf(account.ec2.send(new CancelImportTaskCommand({ ImportTaskId: id })));
    for (let known = ''; known !== 'yes'; ) {
      known = (await cancel()) === 'InvalidConversionTaskId' ? '' : 'yes';
    }
    ends.add((await watch(account, id)).at(-1)!.Status);
  }
  expect(ends).toEqual(new Set(['cancelled', 'completed']));
});
