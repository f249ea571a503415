import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Conditions } from '../../conditions/conditions.ts';
import type { Roles } from '../../iam/roles.ts';
import type { Store } from '../../store/store.ts';
import type { ImportObjects } from '../import-objects.ts';
import type { Resources } from '../resources.ts';
import type { Ec2Settings } from '../settings.ts';
import type { SnapshotFiles } from '../snapshot-files.ts';
import type { RunningTask } from './running-task.ts';
import type { Slots } from './slots.ts';
import type { QueuedTask } from './task-queue.ts';

export interface ImportTools {
  readonly store: Store;
  readonly files: SnapshotFiles;
  readonly objects: ImportObjects;
  readonly roles: Roles;
  readonly settings: Ec2Settings;
  readonly conditions: Conditions;
  readonly now: () => number;
  readonly onNotice: (message: string) => void;
  /** Where half-made disks are kept; what is in it may be removed when no import runs. */
  readonly workDirectory: string;
  /** For what costs processor and disk; waiting is free. */
  readonly slots: Slots;
}

/** One task, and what it takes to work on it. */
export interface ImportWork extends ImportTools {
  readonly queued: QueuedTask;
  readonly resources: Resources;
  readonly task: RunningTask;
}

/** Milestones: the share of `importTaskMs` that has passed at least, and what describe calls show from there on. */
export const milestones = {
  validating: { share: 0.1, progress: 3, message: 'validating' },
  validated: { share: 0.2, progress: 8, message: 'validated' },
  converting: { share: 0.3, progress: 19, message: 'downloading/converting' },
  updating: { share: 0.85, progress: 90, message: 'updating' },
  completed: { share: 1 },
} as const;
/** Where `converting` ends. */
export const convertedProgress = 85;
/** How often a stalled task checks whether it may continue. */
const stallLookMs = 50;

/** Until the task is cancelled; or continues then, where cancelling is what makes it complete. */
export async function stall({ task, now }: ImportWork): Promise<void> {
  while (!task.facts.completesWhileCancelling) await task.waitUntil(now() + stallLookMs);
}

export async function removeWorkFiles(work: ImportWork): Promise<void> {
  for (const path of [downloadPath(work), rawPath(work)]) await rm(path, { force: true });
}

/** The object's bytes in one file. */
export function downloadPath({ workDirectory, task }: ImportWork): string {
  return join(workDirectory, `${task.id}.disk`);
}

/** The disk inside it. */
export function rawPath({ workDirectory, task }: ImportWork): string {
  return join(workDirectory, `${task.id}.raw`);
}
