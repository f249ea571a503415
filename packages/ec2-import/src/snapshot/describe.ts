import {
  DescribeImportSnapshotTasksCommand,
  DescribeSnapshotsCommand,
  type DescribeSnapshotsRequest,
} from '@aws-sdk/client-ec2';
import { allPages, refusedCodeOf } from '@ec2-image/aws-call';
import type { Ec2 } from '../ec2/ec2.ts';
import { type ImportTask, importTaskOf } from './import-task.ts';
import { type SnapshotFacts, snapshotFacts } from './snapshot.ts';

/** A filter takes 200 values at most (EC2 API reference, Filter). */
const maxFilterValues = 200;

/** The account's tasks: those that run, and the ended ones of about a week. Tag filters are not documented for them. */
export async function listImportTasks(ec2: Ec2): Promise<ImportTask[]> {
  const tasks = await allPages(async (NextToken) => {
    const page = await ec2.send(new DescribeImportSnapshotTasksCommand({ NextToken }));
    return { items: page.ImportSnapshotTasks, nextToken: page.NextToken };
  });
  return tasks.map(importTaskOf);
}

/** Undefined where the task is not visible, or no longer. */
export async function describeImportTask(ec2: Ec2, importTaskId: string): Promise<ImportTask | undefined> {
  try {
    const { ImportSnapshotTasks = [] } = await ec2.send(
      new DescribeImportSnapshotTasksCommand({ ImportTaskIds: [importTaskId] }),
    );
    const task = ImportSnapshotTasks.find(({ ImportTaskId }) => ImportTaskId === importTaskId);
    return task && importTaskOf(task);
  } catch (error) {
    // EC2 has answered `InvalidConversionTaskId.Malformed` for well-formed ids of tasks that it does not list.
    if (/^Invalid(ConversionTask|ImportTask)Id/i.test(refusedCodeOf(error) ?? '')) return undefined;
    throw error;
  }
}

export async function listSnapshots(
  ec2: Ec2,
  filter: { readonly name: string; readonly values: readonly string[] },
): Promise<SnapshotFacts[]> {
  const { name, values } = filter;
  const found: SnapshotFacts[] = [];
  for (let start = 0; start < values.length; start += maxFilterValues) {
    const request: DescribeSnapshotsRequest = {
      OwnerIds: ['self'],
      Filters: [{ Name: name, Values: values.slice(start, start + maxFilterValues) }],
      MaxResults: 1000,
    };
    const snapshots = await allPages(async (NextToken) => {
      const page = await ec2.send(new DescribeSnapshotsCommand({ ...request, NextToken }));
      return { items: page.Snapshots, nextToken: page.NextToken };
    });
    found.push(...snapshots.map(snapshotFacts));
  }
  return found;
}

/** Undefined where the snapshot is not visible, or no longer. */
export async function describeSnapshot(ec2: Ec2, snapshotId: string): Promise<SnapshotFacts | undefined> {
  try {
    const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [snapshotId] }));
    const snapshot = Snapshots.find(({ SnapshotId }) => SnapshotId === snapshotId);
    return snapshot && snapshotFacts(snapshot);
  } catch (error) {
    if (refusedCodeOf(error) === 'InvalidSnapshot.NotFound') return undefined;
    throw error;
  }
}
