import {
  type Digest,
  type DiskFormat,
  provenanceKeys,
  readProvenance,
  shortDigest,
} from '@ec2-image/provenance';
import { type ImportTask, taskState } from './import-task.ts';
import { type SnapshotFacts, sizeGiBOf } from './snapshot.ts';

/** The snapshot that is asked for. What is left out may be anything. */
export interface WantedSnapshot {
  readonly digest: Digest;
  /** Another format of the same image is the same disk, but somebody who asks for one wants that one tried. */
  readonly format?: DiskFormat;
  readonly virtualSizeBytes?: number;
  /** Left out, an account's own rule decides, and either is taken. */
  readonly encrypted?: boolean;
  readonly kmsKeyId?: string;
  readonly account?: string;
  /** Where its object is, to know an import task that reports no tags. */
  readonly bucket?: string;
  readonly key?: string;
}

export type Choice =
  | { readonly state: 'complete'; readonly snapshot: SnapshotFacts; readonly proof: 'tags' | 'task' }
  | { readonly state: 'running'; readonly task: ImportTask }
  | { readonly state: 'none' };

export type ChosenSnapshot = Choice & {
  /** Import tasks for this digest and format that came to nothing, or whose snapshot cannot be used. */
  readonly endedAttempts: number;
  /** All import tasks for this digest and format. */
  readonly attempts: number;
  /** What is ours for this digest, but not what is asked for, and why: `snap-1 has 6 GiB, not 5`. */
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

  const fitting = new Set(
    snapshots
      .filter(({ tags }) => readProvenance(tags)?.digest === wanted.digest)
      .filter((snapshot) => fits(snapshot))
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
    const usable = made && !reason && (fitting.has(made.snapshotId) || fits(made, task));
    if (!usable) endedAttempts += 1;
    else if (!fitting.has(made.snapshotId)) byTask.push({ ...made, importTaskId: task.importTaskId });
  }

  const rest = { endedAttempts, attempts: ourTasks.length, passedOver: [...new Set(passedOver)] };
  if (proven.length > 0) return { state: 'complete', snapshot: oldest(proven), proof: 'tags', ...rest };
  if (byTask.length > 0) return { state: 'complete', snapshot: oldest(byTask), proof: 'task', ...rest };
  if (running.length > 0) return { state: 'running', task: running.toSorted(byStart)[0]!, ...rest };
  return { state: 'none', ...rest };
}

/** A task for this digest and format, by its tags; where none are reported, by the object that it reads. */
export function isOurTask({ task, wanted }: { task: ImportTask; wanted: WantedSnapshot }): boolean {
  if (wanted.format && task.format && task.format.toLowerCase() !== wanted.format) return false;
  const readsOurs = task.bucket === wanted.bucket && task.key === wanted.key;
  if (!task.tags) return wanted.key !== undefined && readsOurs;
  return readProvenance(task.tags)?.digest === wanted.digest;
}

function whyNotTask({ task, wanted }: { task: ImportTask; wanted: WantedSnapshot }): string | undefined {
  // Tags say that a task is ours; what it reads says what its snapshot will hold. Our keys end in the digest.
  if (task.key && !task.key.includes(`/${shortDigest(wanted.digest)}.`))
    return `reads ${task.bucket}/${task.key}, which is not this image's object`;
  return whyNotEncryption({ found: task, wanted });
}

function whyNotSnapshot({
  snapshot,
  task,
  wanted,
}: {
  snapshot: SnapshotFacts;
  /** The one that made it, as its description or the task itself says. */
  task: ImportTask | undefined;
  wanted: WantedSnapshot;
}): string | undefined {
  const { state, sizeGiB, tags } = snapshot;
  if (wanted.account && snapshot.ownerId && snapshot.ownerId !== wanted.account)
    return `belongs to account ${snapshot.ownerId}`;
  if (state !== 'completed') return `is ${state}`;
  if (snapshot.archived) return 'is archived';
  const size = wanted.virtualSizeBytes === undefined ? sizeGiB : sizeGiBOf(wanted.virtualSizeBytes);
  if (size !== sizeGiB) return `has ${sizeGiB} GiB, not ${size}`;
  const format = tags[provenanceKeys.diskFormat];
  if (wanted.format && format && format !== wanted.format)
    return `was imported as ${format}, not ${wanted.format}`;
  const digest = readProvenance(tags)?.digest;
  if (digest && digest !== wanted.digest) return `carries the tags of ${digest}`;
  if (task) {
    if (taskState(task) !== 'completed') return `comes from ${task.importTaskId}, which is ${task.status}`;
    const imported = readProvenance(task.tags ?? {})?.digest;
    if (imported && imported !== wanted.digest)
      return `comes from ${task.importTaskId}, which imported ${imported}`;
  }
  // The task may repeat the alias that it was given, the snapshot never does.
  const kmsKeyId = task?.kmsKeyId === wanted.kmsKeyId ? task?.kmsKeyId : snapshot.kmsKeyId;
  return whyNotEncryption({ found: { encrypted: snapshot.encrypted, kmsKeyId }, wanted });
}

function whyNotEncryption({
  found,
  wanted,
}: {
  found: Pick<SnapshotFacts, 'encrypted' | 'kmsKeyId'>;
  wanted: WantedSnapshot;
}): string | undefined {
  if (wanted.encrypted === true && !found.encrypted) return 'is not encrypted';
  if (wanted.encrypted === false && found.encrypted) return 'is encrypted';
  if (wanted.kmsKeyId && !isSameKey(found.kmsKeyId, wanted.kmsKeyId))
    return `is encrypted with ${found.kmsKeyId ?? 'a key that is not reported'}, not ${wanted.kmsKeyId}`;
  return undefined;
}

/** A key is given by id or ARN, and reported by ARN. An alias can be compared with nothing but itself. */
function isSameKey(reported: string | undefined, wanted: string): boolean {
  return reported === wanted || (reported?.endsWith(`:key/${wanted}`) ?? false);
}

function oldest(snapshots: readonly SnapshotFacts[]): SnapshotFacts {
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
