import { findInTime, isAwsCallError, policies, waitUntil } from '@ec2-image/aws-call';
import { createEc2, type Ec2, type Ec2Options } from '../ec2/ec2.ts';
import { cancelTask } from './cancel-import.ts';
import { deleteSnapshot } from './delete-snapshot.ts';
import { describeImportTask, describeSnapshot } from './describe.ts';
import { type ImportTask, taskState } from './import-task.ts';

/** Cancels a task and waits until it has ended, one way or the other; `alive` where it does not. */
export async function cancelAndWait(
  ec2: Ec2,
  importTaskId: string,
): Promise<{ readonly task: ImportTask | 'alive'; readonly refused: Error | undefined }> {
  const refused = await cancelTask(ec2, importTaskId);
  const since = ec2.elapsed();
  // Nothing ends a task that these credentials may not cancel.
  const limitMs = isAwsCallError(refused, 'ACCESS_DENIED') ? 0 : policies.importTaskEnd.limitMs;
  const ask = async () => {
    const seen = await describeImportTask(ec2, importTaskId);
    const state = seen && taskState(seen);
    if (state === 'completed' || state === 'failed') return seen;
    return ec2.elapsed() - since >= limitMs ? ('alive' as const) : undefined;
  };
  return { task: await waitUntil(ec2, { policy: policies.importTaskEnd, ask }), refused };
}

/**
 * Ends an import whose snapshot nobody wants: deletes what the task has made. A task that cannot be ended is reported:
 * its snapshot has no tags that anybody could believe.
 */
export async function endImport(
  options: Ec2Options & {
    readonly importTaskId: string;
    readonly onDiscarded?: (snapshotId: string) => void;
  },
): Promise<void> {
  const { importTaskId } = options;
  const ec2 = createEc2(options);
  ec2.notice(`Cancelling import task ${importTaskId}.`);
  const { task, refused } = await cancelAndWait(ec2, importTaskId);
  if (task === 'alive') {
    ec2.notice(`Import task ${importTaskId} was not cancelled: ${refused?.message ?? 'it does not end'}.`);
    return;
  }
  const hasCompleted = taskState(task) === 'completed';
  const snapshotId = hasCompleted ? await snapshotIdOf(ec2, task) : task.snapshotId;
  if (snapshotId === undefined) {
    if (hasCompleted) ec2.notice(`Import task ${importTaskId} completed, but EC2 names no snapshot.`);
    return;
  }
  options.onDiscarded?.(snapshotId);
  // Of a snapshot that EC2 does not show yet, DeleteSnapshot says that it does not exist, and deletes nothing.
  if (hasCompleted)
    await findInTime(ec2, { policy: policies.visible, find: () => describeSnapshot(ec2, snapshotId) });
  await deleteSnapshot({ ...options, snapshotId, inUseTimeoutMs: 0 });
}

/** What a completed task has made; undefined where EC2 does not name it in time. */
export async function snapshotIdOf(ec2: Ec2, task: ImportTask): Promise<string | undefined> {
  if (task.snapshotId) return task.snapshotId;
  const find = async () => (await describeImportTask(ec2, task.importTaskId))?.snapshotId;
  return findInTime(ec2, { policy: policies.visible, find });
}

/** Aborts with either, the run or the wish for its result. */
export function eitherSignal({
  signal,
  unwanted,
}: {
  readonly signal?: AbortSignal | undefined;
  readonly unwanted?: AbortSignal | undefined;
}): AbortSignal | undefined {
  return signal && unwanted ? AbortSignal.any([signal, unwanted]) : (signal ?? unwanted);
}
