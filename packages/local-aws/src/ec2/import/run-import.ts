import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Roles } from '../../iam/roles.ts';
import type { Store } from '../../store/store.ts';
import { openResources, type Resources } from '../resources.ts';
import type { Ec2Settings } from '../settings.ts';
import type { SnapshotFiles } from '../snapshots/snapshot-files.ts';
import { validateDisk } from './disk-validation.ts';
import { ImportFailure, validationFailure } from './import-failure.ts';
import type { ImportObject, ImportObjects } from './import-objects.ts';
import { finishSnapshot, pendingSnapshot, removePendingSnapshot } from './imported-snapshot.ts';
import { convertToRaw } from './qemu-img.ts';
import { ImportCancelled, type RunningTask, runningTask, waitUntil } from './running-task.ts';
import { sparseCopy } from './sparse-copy.ts';
import { dequeue, type QueuedTask } from './task-queue.ts';

export interface ImportTools {
  readonly store: Store;
  readonly files: SnapshotFiles;
  readonly objects: ImportObjects;
  readonly roles: Roles;
  readonly settings: Ec2Settings;
  readonly now: () => number;
  readonly onNotice: (message: string) => void;
  /** Where half-made disks are kept; what is in it may be removed when no import runs. */
  readonly workDirectory: string;
}

interface Import extends ImportTools {
  readonly queued: QueuedTask;
  readonly resources: Resources;
  readonly task: RunningTask;
}

/** Milestones: the share of `importTaskMs` that has passed at least, and what describe calls show from there on. */
const milestones = {
  validating: { share: 0.1, progress: 3, message: 'validating' },
  validated: { share: 0.2, progress: 8, message: 'validated' },
  converting: { share: 0.3, progress: 19, message: 'downloading/converting' },
  updating: { share: 0.85, progress: 90, message: 'updating' },
  completed: { share: 1 },
} as const;
const converted = 85;
/** How often a stalled task looks whether it is to go on. */
const stallLookMs = 50;

/**
 * Works on a task until it has ended. If `closing` aborts first, the task stays queued, and whoever takes it up next
 * begins again with the object.
 */
export async function runImport(queued: QueuedTask, tools: ImportTools, closing: AbortSignal): Promise<void> {
  const { store, now } = tools;
  const resources = openResources({ store, now, ...queued });
  const task = runningTask(queued.taskId, { store, resources, now, closing });
  const work: Import = { ...tools, queued, resources, task };
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

async function importDisk(work: Import): Promise<void> {
  const { task, resources, files, settings } = work;
  const waitFor = (share: number) => task.waitUntil(task.createdAt + share * settings.importTaskMs);
  const { pendingSnapshotId: made, status, statusMessage } = task.facts;
  if (status === 'deleting') throw new ImportFailure(statusMessage);
  if (made === undefined || !existsSync(files.path(made))) {
    await waitFor(milestones.validating.share);
    task.reach(milestones.validating.progress, milestones.validating.message);
    const object = permittedObject(work);
    const virtualSizeBytes = await makeRaw(work, object, waitFor);
    await waitFor(milestones.updating.share);
    const snapshotId = pendingSnapshot(work, virtualSizeBytes);
    await rename(rawPath(work), files.path(snapshotId));
  }
  task.watch(() => {});
  task.reach(milestones.updating.progress, milestones.updating.message);
  await waitFor(milestones.completed.share);
  await finishSnapshot({ ...work, resources });
}

/** @throws ImportFailure */
function permittedObject({ task, roles, objects, queued }: Import): ImportObject {
  const { roleName, bucket, key } = task.facts;
  if (!roles.mayReadObject(queued.accountId, roleName, { bucket, key })) {
    throw validationFailure('We do not have access to the given resource. Reason 403 Forbidden');
  }
  const object = objects.find(bucket, key);
  if (!object) throw objectGone();
  task.watch(() => {
    if (objects.find(bucket, key)?.identity !== object.identity) throw objectGone();
  });
  return object;
}

function objectGone(): ImportFailure {
  return validationFailure('Invalid S3 source location');
}

async function makeRaw(
  work: Import,
  object: ImportObject,
  waitFor: (share: number) => Promise<void>,
): Promise<number> {
  const { task } = work;
  const { signal } = task;
  const { validated, converting } = milestones;
  const disk = await object.open();
  try {
    const { format, virtualSizeBytes } = await validateDisk(disk, task.facts.format);
    task.update({ diskImageSizeBytes: object.sizeBytes });
    await waitFor(validated.share);
    task.reach(validated.progress, validated.message);
    await waitFor(converting.share);
    const { fails, stallsAt } = task.facts;
    if (fails) throw new ImportFailure(fails.statusMessage);
    task.reach(stallsAt ?? converting.progress, converting.message);
    // Until it is cancelled; or for good, where cancelling is what makes it complete.
    while (stallsAt !== undefined && !task.facts.completesWhileCancelling)
      await task.waitUntil(work.now() + stallLookMs);
    const middle = format === 'RAW' ? converted : (converting.progress + converted) / 2;
    const shown = (from: number, to: number, share: number) =>
      task.reach(Math.floor(from + share * (to - from)), converting.message);
    await sparseCopy(disk, format === 'RAW' ? rawPath(work) : downloadPath(work), {
      signal,
      onProgress: (bytes) => shown(converting.progress, middle, bytes / object.sizeBytes),
    });
    if (format !== 'RAW') {
      await convertToRaw({
        input: downloadPath(work),
        format,
        output: rawPath(work),
        signal,
        onProgress: (percent) => shown(middle, converted, percent / 100),
      }).catch((error) => {
        signal.throwIfAborted();
        throw isMissing(error) ? error : validationFailure(`The ${format} disk cannot be read`);
      });
      await rm(downloadPath(work));
    }
    return virtualSizeBytes;
  } catch (error) {
    // The files of an object that is deleted under the import vanish before anybody has looked.
    if (
      isMissing(error) &&
      work.objects.find(task.facts.bucket, task.facts.key)?.identity !== object.identity
    ) {
      throw objectGone();
    }
    throw error;
  } finally {
    await disk.close();
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

/** The task ends without a snapshot: `cancelled`, or by way of `deleting` as `deleted`. */
async function endUnmade(work: Import, reason: unknown, closing: AbortSignal): Promise<void> {
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

async function removeWorkFiles(work: Import): Promise<void> {
  for (const path of [downloadPath(work), rawPath(work)]) await rm(path, { force: true });
}

function downloadPath({ workDirectory, task }: Import): string {
  return join(workDirectory, `${task.id}.disk`);
}

function rawPath({ workDirectory, task }: Import): string {
  return join(workDirectory, `${task.id}.raw`);
}
