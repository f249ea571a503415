import type { Store } from '../../store/store.ts';
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
  readonly task: RunningTask;
  readonly queued: QueuedTask;
  readonly now: () => number;
}

const gib = 1024 ** 3;

/** The id of the task's snapshot, which is there from now on, pending and without tags. */
export function pendingSnapshot({ store, task, queued, now }: Making, virtualSizeBytes: number): string {
  return store.transaction(() => {
    const { facts } = task;
    if (facts.pendingSnapshotId !== undefined) return facts.pendingSnapshotId;
    const { id } = openResources({ store, now, ...queued, unseenMs: facts.unseenMs }).insert<SnapshotFacts>(
      'snapshot',
      {
        facts: {
          ownerId: queued.accountId,
          description: `Created by AWS-VMImport service for ${task.id}`,
          volumeSizeGiB: Math.max(1, Math.ceil(virtualSizeBytes / gib)),
          encrypted: facts.encrypted,
          kmsKeyId: facts.kmsKeyId,
          outcome: 'completed',
        },
      },
    );
    task.update({ pendingSnapshotId: id });
    return id;
  });
}

/** Task and snapshot are done at one moment, the snapshot to be seen so a little later. */
export async function finishSnapshot({
  store,
  resources,
  files,
  settings,
  task,
  queued,
  now,
}: Making): Promise<void> {
  const snapshotId = task.facts.pendingSnapshotId!;
  const extents = await dataExtents(files.path(snapshotId), task.signal);
  store.transaction(() => {
    const { status, completesWhileCancelling } = task.facts;
    if (status === 'cancelling' && !completesWhileCancelling) throw new ImportCancelled();
    const snapshot = resources.get<SnapshotFacts>('snapshot', snapshotId);
    resources.setFacts<SnapshotFacts>(snapshotId, {
      ...snapshot.facts,
      settlesAt: now() + settings.snapshotCompletionMs,
      fullSizeBytes: addBlocks(store, snapshotId, blocksOf(extents)) * blockBytes,
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

export async function removePendingSnapshot({ store, resources, files, task }: Making): Promise<void> {
  const id = task.facts.pendingSnapshotId;
  if (id === undefined) return;
  store.transaction(() => {
    if (resources.find('snapshot', id)) resources.remove(id);
    task.update({ pendingSnapshotId: undefined });
  });
  await files.remove(id);
}
