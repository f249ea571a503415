import { isAwsCallError, policies, waitUntil } from '@ec2-image/aws-call';
import { createEc2, type Ec2, type Ec2Options } from '../ec2/ec2.ts';
import { Ec2ImportError } from '../errors.ts';
import { formatDuration } from '../format-duration.ts';
import { foundAgain, leaveOrCancel } from './cancel-import.ts';
import { describeImportTask } from './describe.ts';
import { discardSnapshot } from './discard-snapshot.ts';
import { cancelAndWait, eitherSignal, endImport, snapshotIdOf } from './end-import.ts';
import { type ImportSource, importFailure } from './import-failure.ts';
import { failureKind, type ImportTask, isKnownStatus, taskState } from './import-task.ts';
import { markStarted } from './mark-started.ts';
import { type Snapshot, snapshotOf } from './snapshot.ts';
import { createActivity } from './task-activity.ts';
import { waitForSnapshot } from './wait-for-snapshot.ts';

export interface ImportProgress {
  readonly importTaskId: string;
  /** EC2's own word, such as `active`. */
  readonly status: string;
  /** EC2's own words, such as `downloading/converting`. */
  readonly message?: string;
  readonly percent?: number;
}

export interface ImportWaitOptions extends Ec2Options {
  /** How long a task may show no progress before it is cancelled. Default 2 hours. */
  readonly taskTimeoutMs?: number;
  /** Cancel the running task when the signal aborts; without it, the task is left running and its id is told. */
  readonly cancelOnAbort?: boolean;
  /**
   * Aborts once nobody wants the snapshot any more: then the task is cancelled, its end awaited, its snapshot deleted, and the
   * signal's reason thrown.
   */
  readonly unwanted?: AbortSignal;
  /** Called with each snapshot of a failed or unwanted import, before its deletion. */
  readonly onDiscarded?: (snapshotId: string) => void;
  readonly onProgress?: (progress: ImportProgress) => void;
}

/**
 * Waits for an import task, and for its snapshot to be complete. The snapshot of one that failed is deleted.
 *
 * @throws Ec2ImportError where the task fails: `IMPORT_NOT_PERMITTED`, `IMPORT_BUCKET_ELSEWHERE`, `IMPORT_OBJECT_MISSING`,
 *   `IMPORT_FORMAT_REFUSED`, `IMPORT_CANCELLED`, `IMPORT_FAILED`, `IMPORT_STALLED`, each with `retryable` and `snapshotId`;
 *   `IMPORT_TASK_LOST`; `SNAPSHOT_FAILED`, `SNAPSHOT_GONE`, `SNAPSHOT_STALLED`; and the codes of a call
 */
export async function waitForImport(
  options: ImportWaitOptions & { readonly importTaskId: string; readonly source?: ImportSource },
): Promise<Snapshot> {
  const ec2 = createEc2({ ...options, signal: eitherSignal(options) });
  const { importTaskId, taskTimeoutMs = policies.importTask.limitMs, source, unwanted } = options;
  let running = true;
  try {
    const task = await watchTask(ec2, { importTaskId, taskTimeoutMs, onProgress: options.onProgress });
    const ended = task === 'stalled' ? await cancelStalled(ec2, { importTaskId, taskTimeoutMs }) : task;
    running = false;
    const snapshotId = await waitForSnapshotId(ec2, { task: ended, source });
    const snapshot = await waitForSnapshot(ec2, { snapshotId, timeoutMs: taskTimeoutMs });
    return { ...snapshotOf(snapshot), importTaskId };
  } catch (error) {
    if (unwanted?.aborted && !options.signal?.aborted) {
      await endImport(options);
      throw unwanted.reason;
    }
    if (running && options.signal?.aborted) await leaveOrCancel(options, importTaskId);
    else if (running && isAwsCallError(error))
      ec2.notice(`Import task ${importTaskId} may still be running${foundAgain(options)}.`);
    await discardSnapshot(options, error);
    throw error;
  }
}

/** Until the task has ended one way or the other, or shows no progress any more. */
async function watchTask(
  ec2: Ec2,
  {
    importTaskId,
    taskTimeoutMs,
    onProgress,
  }: {
    importTaskId: string;
    taskTimeoutMs: number;
    onProgress?: (progress: ImportProgress) => void;
  },
): Promise<ImportTask | 'stalled'> {
  const unseen = new Set<string>();
  let marked = false;
  const moves = createActivity();
  let changedAt = ec2.elapsed();
  const ask = async () => {
    const task = await describeImportTask(ec2, importTaskId);
    const idleMs = ec2.elapsed() - changedAt;
    if (!task) {
      if (idleMs >= policies.visible.limitMs) throw taskLost(importTaskId);
      return undefined;
    }
    if (!marked) marked = await markStarted(ec2, task);
    const { status, message, percent } = task;
    if (!isKnownStatus(status) && !unseen.has(status)) {
      unseen.add(status);
      ec2.notice(
        `Import task ${importTaskId} has the unknown status ${JSON.stringify(status)}; still waiting.`,
      );
    }
    onProgress?.({ importTaskId, status, message, percent });
    const state = taskState(task);
    if (state === 'completed' || state === 'failed') return task;
    if (moves(task)) {
      changedAt = ec2.elapsed();
      return undefined;
    }
    if (state === 'ending') return idleMs >= policies.importTaskEnd.limitMs ? task : undefined;
    return idleMs >= taskTimeoutMs ? 'stalled' : undefined;
  };
  return waitUntil(ec2, { policy: policies.importTask, ask });
}

/** A cancelled task may complete all the same: what counts is how it ended. */
async function cancelStalled(
  ec2: Ec2,
  { importTaskId, taskTimeoutMs }: { importTaskId: string; taskTimeoutMs: number },
): Promise<ImportTask> {
  const idle = formatDuration(taskTimeoutMs);
  ec2.notice(`Import task ${importTaskId} has shown no progress for ${idle}; cancelling it.`);
  const { task, refused } = await cancelAndWait(ec2, importTaskId);
  if (task !== 'alive' && taskState(task) === 'completed') {
    ec2.notice(`Import task ${importTaskId} completed while it was being cancelled.`);
    return task;
  }
  const stalled = `import task ${importTaskId} showed no progress for ${idle}`;
  if (task === 'alive') {
    throw new Ec2ImportError('IMPORT_STALLED', `${stalled} and could not be cancelled`, {
      hint: `Check it with \`aws ec2 describe-import-snapshot-tasks --import-task-ids ${importTaskId} --region ${await ec2.region()}\`; do not delete its S3 object while it is running.`,
      cause: refused,
      facts: { importTaskId, retryable: false },
    });
  }
  throw new Ec2ImportError('IMPORT_STALLED', `${stalled} and was cancelled`, {
    hint: 'Run the same command again later, or allow more time with --import-timeout.',
    facts: { importTaskId, snapshotId: task.snapshotId, retryable: true },
  });
}

async function waitForSnapshotId(
  ec2: Ec2,
  { task, source }: { task: ImportTask; source: ImportSource | undefined },
): Promise<string> {
  const { importTaskId, status, snapshotId } = task;
  if (taskState(task) !== 'completed') {
    const kind = failureKind(task);
    const message = task.message ?? `EC2 gives no reason (status ${status})`;
    throw importFailure({ kind, message, importTaskId, snapshotId, status, source });
  }
  const named = await snapshotIdOf(ec2, task);
  if (named !== undefined) return named;
  const message = 'it completed, but EC2 names no snapshot';
  throw importFailure({ kind: 'unknown', message, importTaskId, status, source });
}

function taskLost(importTaskId: string): Ec2ImportError {
  return new Ec2ImportError('IMPORT_TASK_LOST', `EC2 does not list import task ${importTaskId}`, {
    hint: 'Run the same command again: it looks for the snapshot and for other tasks before it imports again.',
    facts: { importTaskId, retryable: false },
  });
}
