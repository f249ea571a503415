import { stat } from 'node:fs/promises';
import type { Conditions } from '../../conditions/conditions.ts';
import type { Store } from '../../store/store.ts';
import { asSeenBy } from '../lagging-resources.ts';
import { openResources, type Resources } from '../resources.ts';
import type { Ec2Settings } from '../settings.ts';
import type { SnapshotFiles } from '../snapshot-files.ts';
import { addBlocks } from '../snapshots/block-table.ts';
import { blockBytes, blocksOf } from '../snapshots/blocks.ts';
import type { SnapshotFacts } from '../snapshots/snapshot.ts';
import { dataExtents } from './qemu-img.ts';
import { ImportCancelled, type RunningTask } from './running-task.ts';
import { dequeue, type QueuedTask } from './task-queue.ts';

interface Making {
  readonly store: Store;
  readonly resources: Resources;
  readonly files: SnapshotFiles;
  readonly settings: Ec2Settings;
  readonly conditions: Conditions;
  readonly task: RunningTask;
  readonly queued: QueuedTask;
  readonly now: () => number;
}

const gib = 1024 ** 3;

/** The id of the task's snapshot, which is there from now on, pending and without tags. */
export function pendingSnapshot(making: Making, virtualSizeBytes: number): string {
  const { store, task, queued, now } = making;
  return store.transaction(() => {
    const { facts } = task;
    if (facts.pendingSnapshotId !== undefined) return facts.pendingSnapshotId;
    const resources = openResources({ store, now, ...queued, unseenMs: facts.unseenMs });
    const { id } = asSeen(resources, making).insert<SnapshotFacts>('snapshot', {
      facts: {
        ownerId: queued.accountId,
        description: `Created by AWS-VMImport service for ${task.id}`,
        volumeSizeGiB: Math.max(1, Math.ceil(virtualSizeBytes / gib)),
        encrypted: facts.encrypted,
        kmsKeyId: facts.kmsKeyId,
        outcome: 'completed',
      },
    });
    task.update({ pendingSnapshotId: id });
    return id;
  });
}

/** Task and snapshot are done at one moment, the snapshot to be seen so a little later. */
export async function finishSnapshot(making: Making): Promise<void> {
  const { store, resources, files, settings, conditions, task, queued, now } = making;
  const snapshotId = task.facts.pendingSnapshotId!;
  const { size: sizeBytes } = await stat(files.path(snapshotId));
  const extents = await dataExtents(files.path(snapshotId), task.signal);
  store.transaction(() => {
    const { status, completesWhileCancelling } = task.facts;
    if (status === 'cancelling' && !completesWhileCancelling) throw new ImportCancelled();
    const snapshot = resources.get<SnapshotFacts>('snapshot', snapshotId);
    const { writesZeros } = conditions.ofTask(task.id);
    const blocks = writesZeros ? everyBlock(sizeBytes) : blocksOf(extents);
    asSeen(resources, making).setFacts<SnapshotFacts>(snapshotId, {
      ...snapshot.facts,
      settlesAt: now() + settings.snapshotCompletionMs,
      fullSizeBytes: addBlocks(store, snapshotId, blocks) * blockBytes,
    });
    task.update({
      status: 'completed',
      statusMessage: undefined,
      progress: undefined,
      snapshotId,
      endedAt: now(),
    });
    dequeue(store, queued.taskId);
  });
}

/** What the import writes to the snapshot shows late. */
function asSeen(resources: Resources, { conditions, queued, task }: Making): Resources {
  return asSeenBy(resources, {
    ...queued,
    conditions: conditions.ofTask(task.id),
    isRead: false,
  });
}

/** Of the disk: what lies behind its end, up to the next GiB, was in no file. */
function* everyBlock(sizeBytes: number): Generator<number> {
  for (let index = 0; index * blockBytes < sizeBytes; index += 1) yield index;
}

export async function removePendingSnapshot({ store, resources, files, task }: Making): Promise<void> {
  const id = task.facts.pendingSnapshotId;
  if (id === undefined) return;
  store.transaction(() => {
    if (resources.find('snapshot', id)) resources.remove(id);
    task.update({ pendingSnapshotId: undefined });
  });
  await files.remove(id);
}
