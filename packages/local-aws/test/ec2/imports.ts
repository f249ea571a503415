import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  DescribeImportSnapshotTasksCommand,
  ImportSnapshotCommand,
  type ImportSnapshotCommandInput,
  type ImportSnapshotTask,
} from '@aws-sdk/client-ec2';
import type { AccountClients, TestAccount, TestAccountOptions } from '../../src/testing/index.ts';
import { openAccount, testWith } from '../support/account.ts';
import { bucket, type Disk, makeDisk, putObject } from './disks.ts';

/** An account with the disk in its bucket, as `disk.raw`. */
export async function openAccountWith(disk: Disk, options: TestAccountOptions = {}): Promise<TestAccount> {
  const account = await openAccount({ buckets: [bucket], ...options });
  await putObject(account.s3, 'disk.raw', await disk.as('RAW'));
  return account;
}

/** Tests that share a disk, and an account with it in its bucket, as `disk.raw`. */
export function testWithDisk(options: TestAccountOptions = {}) {
  const test = testWith({ buckets: [bucket], ...options })
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
    .extend('disk', { scope: 'file' }, async ({}, { onCleanup }) => {
      const disk = await makeDisk();
      onCleanup(() => disk[Symbol.asyncDispose]());
      return disk;
    });
  test.beforeAll(async ({ account, disk }) => {
    await putObject(account.s3, 'disk.raw', await disk.as('RAW'));
  });
  return test;
}

export function input(
  key = 'disk.raw',
  Format = 'RAW',
  more: Partial<ImportSnapshotCommandInput> = {},
): ImportSnapshotCommandInput {
  return { DiskContainer: { Format, UserBucket: { S3Bucket: bucket, S3Key: key } }, ...more };
}

export async function start({ ec2 }: Pick<AccountClients, 'ec2'>, given = input()): Promise<string> {
  return (await ec2.send(new ImportSnapshotCommand(given))).ImportTaskId!;
}

export async function taskOf({ ec2 }: Pick<AccountClients, 'ec2'>, id: string): Promise<ImportSnapshotTask> {
  const { ImportSnapshotTasks } = await ec2.send(
    new DescribeImportSnapshotTasksCommand({ ImportTaskIds: [id] }),
  );
  return ImportSnapshotTasks![0]!;
}

/** Polls until the status is one of these; gives back each different answer on the way. */
export async function watch(
  of: Pick<AccountClients, 'ec2'>,
  id: string,
  ...until: string[]
): Promise<ImportSnapshotTask[]> {
  const seen: ImportSnapshotTask[] = [];
  for (;;) {
    const task = await taskOf(of, id);
    if (JSON.stringify(task) !== JSON.stringify(seen.at(-1))) seen.push(task);
    if (until.includes(task.SnapshotTaskDetail!.Status!)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export async function ended(of: Pick<AccountClients, 'ec2'>, id: string) {
  const seen = await watch(of, id, 'completed', 'deleted', 'cancelled', 'error');
  return seen.at(-1)!.SnapshotTaskDetail!;
}

export function workFiles({ directory }: TestAccount): string[] {
  return readdirSync(join(directory, 'imports'));
}
