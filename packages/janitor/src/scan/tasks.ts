import {
  DescribeImportSnapshotTasksCommand,
  type EC2Client,
  type ImportSnapshotTask,
} from '@aws-sdk/client-ec2';
import { tagRecord } from '@ec2-image/provenance';
import type { TaskFact } from '../facts.ts';
import { ownStrings } from './own-strings.ts';
import { pages } from './pages.ts';

const pageSize = 100;

export interface RegionScan {
  readonly ec2: EC2Client;
  readonly region: string;
  readonly signal?: AbortSignal;
}

/** Running tasks and those that ended within about a week: AWS lists no others. */
export async function* scanTasks({ ec2, region, signal }: RegionScan): AsyncGenerator<TaskFact> {
  const list = pages((NextToken) =>
    ec2.send(new DescribeImportSnapshotTasksCommand({ MaxResults: pageSize, NextToken }), {
      abortSignal: signal,
    }),
  );
  for await (const { ImportSnapshotTasks } of list) {
    for (const task of ImportSnapshotTasks ?? []) yield taskFact(task, region);
  }
}

export function taskFact(
  { ImportTaskId, SnapshotTaskDetail, Tags }: ImportSnapshotTask,
  region: string,
): TaskFact {
  const { Status, SnapshotId, UserBucket } = SnapshotTaskDetail ?? {};
  return ownStrings({
    kind: 'task',
    region,
    taskId: ImportTaskId!,
    state: Status ?? 'unknown',
    // Empty while the task runs.
    snapshotId: SnapshotId || undefined,
    bucket: UserBucket?.S3Bucket,
    key: UserBucket?.S3Key,
    tags: tagRecord(Tags),
  });
}
