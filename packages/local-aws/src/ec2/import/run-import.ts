import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { openResources } from '../resources.ts';
import { ImportFailure } from './import-failure.ts';
import {
  type ImportTools,
  type ImportWork,
  milestones,
  rawPath,
  removeWorkFiles,
  stall,
} from './import-work.ts';
import { finishSnapshot, pendingSnapshot, removePendingSnapshot } from './imported-snapshot.ts';
import { makeRaw } from './make-raw.ts';
import { ImportCancelled, runningTask, waitUntil } from './running-task.ts';
import { dequeue, type QueuedTask } from './task-queue.ts';

/**
 * Works on a task until it has ended. If `closing` aborts first, the task stays queued, and whoever takes it up next
 * restarts with the object.
 */
export async function runImport(queued: QueuedTask, tools: ImportTools, closing: AbortSignal): Promise<void> {
  const { store, now } = tools;
  const resources = openResources({ store, now, ...queued });
  const task = runningTask(queued.taskId, { store, resources, now, closing });
  const work: ImportWork = { ...tools, queued, resources, task };
  try {
    await importDisk(work);
  } catch (error) {
    if (closing.aborted) return;
    task.stop();
    await removeWorkFiles(work);
    await endUnmade(work, task.signal.aborted ? task.signal.reason : error, closing);
  } finally {
    task.stop();
    await removeWorkFiles(work);
  }
}

async function importDisk(work: ImportWork): Promise<void> {
  const { task, resources, files, settings } = work;
  const waitFor = (share: number) => task.waitUntil(task.createdAt + share * settings.importTaskMs);
  const { pendingSnapshotId: made, status, statusMessage, seeded } = task.facts;
  if (status === 'deleting') throw new ImportFailure(statusMessage);
  if (seeded) await stall(work);
  if (made === undefined || !existsSync(files.path(made))) {
    await waitFor(milestones.validating.share);
    task.reach(milestones.validating.progress, milestones.validating.message);
    const virtualSizeBytes = await makeRaw(work, waitFor);
    await waitFor(milestones.updating.share);
    const snapshotId = pendingSnapshot(work, virtualSizeBytes);
    await rename(rawPath(work), files.path(snapshotId));
  }
  task.watch(() => {});
  task.reach(milestones.updating.progress, milestones.updating.message);
  await waitFor(milestones.completed.share);
  await finishSnapshot({ ...work, resources });
}

/** The task ends without a snapshot: `cancelled`, or by way of `deleting` as `deleted`. */
async function endUnmade(work: ImportWork, reason: unknown, closing: AbortSignal): Promise<void> {
  const { task, store, now, settings, queued, onNotice } = work;
  if (!(reason instanceof ImportCancelled) && !(reason instanceof ImportFailure)) {
    onNotice(`import task ${task.id}: ${reason instanceof Error ? reason.stack : String(reason)}`);
  }
  await removePendingSnapshot(work);
  const statusMessage =
    reason instanceof ImportCancelled
      ? 'Import task cancelled by user'
      : reason instanceof ImportFailure
        ? reason.message
        : 'ServerError: an internal error occurred';
  if (!(reason instanceof ImportCancelled)) {
    task.update({ status: 'deleting', statusMessage });
    const shownMs = settings.importTaskMs * milestones.validating.share;
    await waitUntil(now() + shownMs, { now, signal: closing }).catch(() => {});
    if (closing.aborted) return;
  }
  store.transaction(() => {
    const status = reason instanceof ImportCancelled ? 'cancelled' : (task.facts.fails?.status ?? 'deleted');
    task.update({ status, statusMessage, progress: undefined, endedAt: now() });
    dequeue(store, queued.taskId);
  });
}
