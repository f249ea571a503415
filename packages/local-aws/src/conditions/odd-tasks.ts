import type { Decisions } from './decisions.ts';

/** What of a running import task can look odd. */
export interface TaskLook {
  readonly status: string;
  readonly statusMessage?: string;
  /** Percent. */
  readonly progress?: number;
  readonly diskImageSizeBytes: number;
}

/**
 * `Status` is a free string in the API's model; these are documented of import tasks:
 * https://docs.aws.amazon.com/vm-import/latest/userguide/vmimport-image-import.html#check-import-task-status
 */
const intermediateStatuses = ['pending', 'validating', 'validated', 'converting', 'updating'] as const;

const largestStepBack = 15;

/**
 * A running task as one read shows it. Every member of SnapshotTaskDetail is optional, and none is promised to grow:
 * progress goes back or is missing, the size is 0 until late, the status is one of those between.
 */
export function oddLook(
  task: TaskLook,
  { chance, upTo, draw }: Decisions,
  about: readonly (string | number)[],
): TaskLook {
  const { progress = 0 } = task;
  const shown =
    draw('progress', ...about) < 0.2
      ? undefined
      : Math.max(0, progress - (chance(0.25, 'back', ...about) ? upTo(largestStepBack, ...about) : 0));
  const isBetween = task.status === 'active' && chance(0.2, 'status', ...about);
  return {
    status: isBetween
      ? intermediateStatuses[upTo(intermediateStatuses.length - 1, 'which', ...about)]!
      : task.status,
    ...(!chance(0.2, 'message', ...about) && { statusMessage: task.statusMessage }),
    ...(shown !== undefined && { progress: shown }),
    diskImageSizeBytes: chance(0.3, 'size', ...about) ? 0 : task.diskImageSizeBytes,
  };
}
