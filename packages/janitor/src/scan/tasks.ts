import { DescribeImportSnapshotTasksCommand, type ImportSnapshotTask } from '@aws-sdk/client-ec2';
import { pages } from '@ec2-image/aws-call';
import { tagRecord } from '@ec2-image/provenance';
import type { TaskFact } from '../facts.ts';
import type { Ec2 } from '../senders.ts';
import { ownStrings } from './own-strings.ts';

const pageSize = 100;

export interface RegionScan {
  readonly ec2: Ec2;
  readonly region: string;
}

/** Running tasks and those that ended within about a week: AWS lists no others. */
export async function* scanTasks({ ec2, region }: RegionScan): AsyncGenerator<TaskFact> {
  const list = pages(async (token) => {
    const page = await ec2.send(
      new DescribeImportSnapshotTasksCommand({ MaxResults: pageSize, NextToken: token }),
    );
    return { items: page.ImportSnapshotTasks, nextToken: page.NextToken };
  });
  for await (const tasks of list) {
    for (const task of tasks) yield taskFact(task, region);
  }
}

export function taskFact(
  { ImportTaskId, SnapshotTaskDetail, Tags }: ImportSnapshotTask,
  region: string,
): TaskFact {
  const { Status, Progress, SnapshotId, UserBucket } = SnapshotTaskDetail ?? {};
  return ownStrings({
    kind: 'task',
    region,
    taskId: ImportTaskId!,
    state: Status ?? 'unknown',
    // An ended task has none.
    percent: /^\d+$/.test(Progress ?? '') ? Number(Progress) : undefined,
    // Empty while the task runs.
    snapshotId: SnapshotId || undefined,
    bucket: UserBucket?.S3Bucket,
    key: UserBucket?.S3Key,
    tags: tagRecord(Tags),
  });
}
