import {
  DescribeImportSnapshotTasksCommand,
  DescribeSnapshotsCommand,
  EC2Client,
  EC2ServiceException,
  type ImportSnapshotTask,
  type Snapshot,
} from '@aws-sdk/client-ec2';
import { fakeClock } from '@ec2-image/aws-call/testing';
import { mockClient } from 'aws-sdk-client-mock';
import { bucket, key, ourTags } from './marks.ts';

/** A client whose answers are given, the clock of the verbs, and what they told. */
export function mocked(options: { signal?: AbortSignal } = {}) {
  const client = new EC2Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'y' },
  });
  const mock = mockClient(client);
  const clock = fakeClock();
  const notices: string[] = [];
  const verb = {
    client,
    clock,
    onNotice: (message: string) => notices.push(message),
    ...options,
  };
  return { client, mock, clock, notices, verb };
}

export type Mocked = ReturnType<typeof mocked>;

/** As the SDK throws what EC2 answers. */
export function ec2Error(code: string, message = `${code} it is`, httpStatusCode = 400): EC2ServiceException {
  return new EC2ServiceException({
    name: code,
    message,
    $fault: 'client',
    $metadata: { httpStatusCode, requestId: 'request-1' },
  });
}

export const connectionReset = () =>
  Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', $metadata: { attempts: 3 } });

export type Detail = NonNullable<ImportSnapshotTask['SnapshotTaskDetail']>;

export function taskAnswer(detail: Detail, change: Partial<ImportSnapshotTask> = {}): ImportSnapshotTask {
  const started = { 'ec2-image:started-at': '2026-11-22T10:00:00Z' };
  return {
    ImportTaskId: 'import-snap-1',
    SnapshotTaskDetail: {
      Format: 'VHDX',
      UserBucket: { S3Bucket: bucket, S3Key: key },
      SnapshotId: '',
      ...detail,
    },
    Tags: Object.entries({ ...ourTags(), ...started }).map(([Key, Value]) => ({ Key, Value })),
    ...change,
  };
}

/** What DescribeImportSnapshotTasks answers, one look after the other; the last for good. */
export function tasksSeen(
  { mock }: Mocked,
  ...looks: readonly (readonly ImportSnapshotTask[] | Error)[]
): void {
  const stub = mock.on(DescribeImportSnapshotTasksCommand);
  for (const [index, look] of looks.entries()) {
    const last = index === looks.length - 1;
    if (look instanceof Error) last ? stub.rejects(look) : stub.rejectsOnce(look);
    else {
      const answer = { ImportSnapshotTasks: [...look] };
      last ? stub.resolves(answer) : stub.resolvesOnce(answer);
    }
  }
}

export function snapshotAnswer(change: Partial<Snapshot> = {}): Snapshot {
  return {
    SnapshotId: 'snap-1',
    State: 'completed',
    VolumeSize: 5,
    OwnerId: '1',
    Progress: '100%',
    Description: 'Created by AWS-VMImport service for import-snap-0',
    ...change,
  };
}

/** What DescribeSnapshots answers, whatever is asked. */
export function snapshotsSeen({ mock }: Mocked, ...looks: readonly (readonly Snapshot[])[]): void {
  const stub = mock.on(DescribeSnapshotsCommand);
  for (const [index, look] of looks.entries()) {
    const answer = { Snapshots: [...look] };
    index === looks.length - 1 ? stub.resolves(answer) : stub.resolvesOnce(answer);
  }
}
