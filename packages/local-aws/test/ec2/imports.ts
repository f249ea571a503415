import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  DescribeImportSnapshotTasksCommand,
  ImportSnapshotCommand,
  type ImportSnapshotCommandInput,
  type ImportSnapshotTask,
} from '@aws-sdk/client-ec2';
import type { LocalAwsOptions } from '../../src/start-local-aws.ts';
import { type Account, type Clients, openAccount } from './account.ts';
import { bucket, type Disk, makeBucket, putObject } from './disks.ts';

/** An account with the disk in its bucket, as `disk.raw`. */
export async function openAccountWith(disk: Disk, options?: Partial<LocalAwsOptions>): Promise<Account> {
  const account = await openAccount(options);
  await makeBucket(account.s3);
  await putObject(account.s3, 'disk.raw', await disk.as('RAW'));
  return account;
}

export function input(
  key = 'disk.raw',
  Format = 'RAW',
  more: Partial<ImportSnapshotCommandInput> = {},
): ImportSnapshotCommandInput {
  return { DiskContainer: { Format, UserBucket: { S3Bucket: bucket, S3Key: key } }, ...more };
}

export async function start({ ec2 }: Clients, given = input()): Promise<string> {
  return (await ec2.send(new ImportSnapshotCommand(given))).ImportTaskId!;
}

export async function taskOf({ ec2 }: Clients, id: string): Promise<ImportSnapshotTask> {
  const { ImportSnapshotTasks } = await ec2.send(
    new DescribeImportSnapshotTasksCommand({ ImportTaskIds: [id] }),
  );
  return ImportSnapshotTasks![0]!;
}

/** Polls until the status is one of these; gives back each different answer on the way. */
export async function watch(of: Clients, id: string, ...until: string[]): Promise<ImportSnapshotTask[]> {
  const seen: ImportSnapshotTask[] = [];
  for (;;) {
    const task = await taskOf(of, id);
    if (JSON.stringify(task) !== JSON.stringify(seen.at(-1))) seen.push(task);
    if (until.includes(task.SnapshotTaskDetail!.Status!)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export async function ended(of: Clients, id: string) {
  const seen = await watch(of, id, 'completed', 'deleted', 'cancelled', 'error');
  return seen.at(-1)!.SnapshotTaskDetail!;
}

export function workFiles({ directory }: Account): string[] {
  return readdirSync(join(directory, 'imports'));
}
