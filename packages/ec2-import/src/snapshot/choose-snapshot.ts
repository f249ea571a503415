import { provenanceKeys, readProvenance, whyNotOurSnapshot } from '@ec2-image/provenance';
import { type ImportTask, taskState } from './import-task.ts';
import type { SnapshotFacts } from './snapshot.ts';
import { isOurTask, type WantedSnapshot, whyNotSnapshot, whyNotTask } from './wanted-snapshot.ts';

export type Choice =
  | {
      readonly state: 'complete';
      readonly snapshot: SnapshotFacts;
      readonly proof: 'tags' | 'task';
      /** The one that made it, where it is still listed. */
      readonly task?: ImportTask;
    }
  | { readonly state: 'running'; readonly task: ImportTask }
  | { readonly state: 'none' };

export type ChosenSnapshot = Choice & {
  /** Import tasks for this digest and format that came to nothing, or whose snapshot cannot be used. */
  readonly endedAttempts: number;
  /** All import tasks for this digest and format. */
  readonly attempts: number;
  /** What ec2-image made for this digest, but not what was requested, and why: `snap-1 has 6 GiB, not 5`. */
  readonly passedOver: readonly string[];
};

/**
 * Which of the account's snapshots and import tasks is the wanted one: a complete snapshot with our tags before one that
 * only its completed task proves, that before a running task, and the oldest of several, so that two runs choose alike.
 */
export function chooseSnapshot({
  wanted,
  snapshots,
  tasks,
}: {
  readonly wanted: WantedSnapshot;
  readonly snapshots: readonly SnapshotFacts[];
  readonly tasks: readonly ImportTask[];
}): ChosenSnapshot {
  const passedOver: string[] = [];
  const taskById = new Map(tasks.map((task) => [task.importTaskId, task]));
  const snapshotById = new Map(snapshots.map((snapshot) => [snapshot.snapshotId, snapshot]));
  const fits = (snapshot: SnapshotFacts, task = taskById.get(snapshot.importTaskId ?? '')) => {
    const reason = whyNotSnapshot({ snapshot, task, wanted });
    if (reason) passedOver.push(`${snapshot.snapshotId} ${reason}`);
    return reason === undefined;
  };

  const isOurs = (snapshot: SnapshotFacts) => {
    const taskSnapshotId = taskById.get(snapshot.importTaskId ?? '')?.snapshotId;
    const reason = whyNotOurSnapshot(snapshot, { taskSnapshotId });
    if (reason) passedOver.push(`${snapshot.snapshotId} ${reason}`);
    return reason === undefined;
  };

  const isImported = ({ snapshotId, origin }: SnapshotFacts) => {
    if (origin.kind === 'foreign') passedOver.push(`${snapshotId} ${origin.reason}`);
    return origin.kind !== 'foreign';
  };

  const fitting = new Set(
    snapshots
      .filter(({ tags }) => readProvenance(tags)?.digest === wanted.digest)
      .filter((snapshot) => isOurs(snapshot) && fits(snapshot))
      .map(({ snapshotId }) => snapshotId),
  );
  const proven: SnapshotFacts[] = snapshots.filter(({ snapshotId }) => fitting.has(snapshotId));
  const byTask: SnapshotFacts[] = [];
  const running: ImportTask[] = [];
  const ourTasks = tasks.filter((task) => isOurTask({ task, wanted }));
  let endedAttempts = 0;
  for (const task of ourTasks) {
    const state = taskState(task);
    const reason = state === 'running' || state === 'completed' ? whyNotTask({ task, wanted }) : undefined;
    if (reason) passedOver.push(`${task.importTaskId} ${reason}`);
    if (state === 'running') {
      if (!reason) running.push(task);
      continue;
    }
    const made = state === 'completed' ? snapshotById.get(task.snapshotId ?? '') : undefined;
    if (made?.state === 'pending' && !reason) {
      running.push(task);
      continue;
    }
    const usable =
      made && !reason && (fitting.has(made.snapshotId) || (isImported(made) && fits(made, task)));
    if (!usable) endedAttempts += 1;
    else if (!fitting.has(made.snapshotId)) byTask.push({ ...made, importTaskId: task.importTaskId });
  }

  const rest = { endedAttempts, attempts: ourTasks.length, passedOver: [...new Set(passedOver)] };
  const complete = (snapshot: SnapshotFacts, proof: 'tags' | 'task') => {
    const task = taskById.get(snapshot.importTaskId ?? '');
    return { state: 'complete', snapshot, proof, ...(task && { task }), ...rest } as const;
  };
  if (proven.length > 0) return complete(oldestOf(proven), 'tags');
  if (byTask.length > 0) return complete(oldestOf(byTask), 'task');
  if (running.length > 0) return { state: 'running', task: running.toSorted(byStart)[0]!, ...rest };
  return { state: 'none', ...rest };
}

export function oldestOf(snapshots: readonly SnapshotFacts[]): SnapshotFacts {
  return snapshots.toSorted(
    (a, b) =>
      (a.startedAt?.getTime() ?? 0) - (b.startedAt?.getTime() ?? 0) || compare(a.snapshotId, b.snapshotId),
  )[0]!;
}

/** A task reports no time but the one in its tag; one without may have been started this very moment. */
function byStart(a: ImportTask, b: ImportTask): number {
  const start = ({ tags }: ImportTask) => tags?.[provenanceKeys.startedAt] ?? '9999';
  return compare(start(a), start(b)) || compare(a.importTaskId, b.importTaskId);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
