import { findConsistently, pause, policies } from '@ec2-image/aws-call';
import { provenanceKeys, type Tags } from '@ec2-image/provenance';
import { createEc2, type Ec2, type Ec2Options } from '../ec2/ec2.ts';
import { type ChosenSnapshot, chooseSnapshot } from './choose-snapshot.ts';
import { describeSnapshot, listImportTasks, listSnapshots } from './describe.ts';
import { type ImportTask, taskState } from './import-task.ts';
import { type Snapshot, snapshotOf } from './snapshot.ts';
import { isOurTask, type WantedSnapshot } from './wanted-snapshot.ts';

export interface FindSnapshotOptions extends Ec2Options, WantedSnapshot {
  /** Take nothing that exists, whatever its state; what exists is only counted, so that a new import gets a token of its own. */
  readonly fresh?: boolean;
  /** False where nothing is going to be imported: then only tagged snapshots are looked for, and no right to list import tasks is needed. Default true. */
  readonly importTasks?: boolean;
  /** Called where the first look finds nothing, while others are to confirm that. */
  readonly onNothingYet?: () => void;
  /** Snapshots that are not taken: this run has deleted them, though EC2 may show them for some minutes more, or could not prove them. */
  readonly except?: Iterable<string>;
}

/** The object that an import task reads. */
export interface TaskSource {
  readonly bucket: string;
  readonly key: string;
}

export type FoundSnapshot = (
  | {
      readonly state: 'complete';
      readonly snapshot: Snapshot;
      /** Its own. */
      readonly tags: Tags;
      /** Told by its own tags, or only by the task that made it: then it still has to be tagged. */
      readonly proof: 'tags' | 'task';
      /** What the task that made it has read, as far as that is still listed. */
      readonly source?: TaskSource;
    }
  | {
      /** To pass to `waitForImport`. */
      readonly state: 'running';
      readonly importTaskId: string;
      readonly percent?: number;
      readonly source?: TaskSource;
      /** The task's. */
      readonly tags: Tags;
    }
  | { readonly state: 'none' }
) & {
  /** Goes to `importSnapshot`. */
  readonly endedAttempts: number;
};

/**
 * What the account has of this image as a snapshot: a complete one, an import that runs, or nothing. Nothing is
 * believed only after several looks.
 *
 * @throws Ec2ImportError `ACCESS_DENIED` and the other codes of a call
 */
export async function findSnapshot(options: FindSnapshotOptions): Promise<FoundSnapshot> {
  const ec2 = createEc2(options);
  if (options.fresh) {
    const { attempts } = await findSnapshotNow(ec2, options);
    return { state: 'none', endedAttempts: attempts };
  }
  const chosen = await findStanding(ec2, { wanted: options, look: findSnapshotConsistently });
  for (const reason of chosen.passedOver) ec2.notice(`Not reusing: ${reason}.`);
  const { endedAttempts } = chosen;
  if (chosen.state === 'none') return { state: 'none', endedAttempts };
  if (chosen.state === 'running') {
    const { importTaskId, percent, tags = {} } = chosen.task;
    const source = taskSource(chosen.task);
    return { state: 'running', importTaskId, percent, tags, source, endedAttempts };
  }
  const { snapshot, proof, task } = chosen;
  const source = task && taskSource(task);
  return {
    state: 'complete',
    snapshot: snapshotOf(snapshot),
    tags: snapshot.tags,
    proof,
    source,
    endedAttempts,
  };
}

/** What a look finds, but for snapshots that EC2 still lists and has deleted. */
export async function findStanding(
  ec2: Ec2,
  { wanted, look }: { readonly wanted: Looked; readonly look: Look },
): Promise<ChosenSnapshot> {
  const except = new Set(wanted.except);
  for (;;) {
    const chosen = await look(ec2, { ...wanted, except });
    if (chosen.state !== 'complete') return chosen;
    const { snapshotId } = chosen.snapshot;
    if (await isStillThere(ec2, snapshotId)) return chosen;
    ec2.notice(`Not reusing: ${snapshotId} was deleted a moment ago.`);
    except.add(snapshotId);
  }
}

/**
 * EC2 lists a deleted snapshot for some reads more. One that is there answers each look by its id, though a new one perhaps not the
 * first.
 */
async function isStillThere(ec2: Ec2, snapshotId: string): Promise<boolean> {
  for (let looks = 0; looks < 2; looks += 1) {
    if (!(await findConsistently(ec2, () => describeSnapshot(ec2, snapshotId)))) return false;
  }
  return true;
}

function taskSource({ bucket, key }: ImportTask): TaskSource | undefined {
  return bucket !== undefined && key !== undefined ? { bucket, key } : undefined;
}

type Looked = WantedSnapshot & Pick<FindSnapshotOptions, 'importTasks' | 'except' | 'onNothingYet'>;

type Look = (ec2: Ec2, wanted: Looked) => Promise<ChosenSnapshot>;

/** What one look has found. */
type Seen = ChosenSnapshot & {
  /** A task that completed lately names a snapshot that is not listed: somebody has deleted it, or EC2 shows it soon. */
  readonly hasUnseen: boolean;
};

/** {@link findSnapshotNow}, where finding nothing is believed only after several looks, and more of them for what is to be seen soon. */
export async function findSnapshotConsistently(ec2: Ec2, wanted: Looked): Promise<ChosenSnapshot> {
  let none: Seen | undefined;
  const look = async () => {
    const chosen = await findSnapshotNow(ec2, wanted);
    if (chosen.state !== 'none') return chosen;
    if (!none) wanted.onNothingYet?.();
    // A lagging answer shows fewer tasks than there are, never more.
    if (!none || chosen.endedAttempts > none.endedAttempts) none = chosen;
    return undefined;
  };
  let found = await findConsistently(ec2, look);
  const { attempts } = policies.unseenSnapshot;
  for (let n = 1; !found && none?.hasUnseen && n <= attempts; n += 1) {
    await pause(ec2, { n, pace: policies.unseenSnapshot });
    found = await look();
  }
  return found ?? none!;
}

/** What the account has, read once. */
export async function findSnapshotNow(
  ec2: Ec2,
  { importTasks = true, except: excepted = [], ...wanted }: Looked,
): Promise<Seen> {
  const except = new Set(excepted);
  const tagged = await listSnapshots(ec2, {
    name: `tag:${provenanceKeys.sourceDigest}`,
    values: [wanted.digest],
  });
  const tasks = importTasks ? await listImportTasks(ec2) : [];
  const seen = new Set(tagged.map(({ snapshotId }) => snapshotId));
  const completed = tasks.filter((task) => taskState(task) === 'completed' && isOurTask({ task, wanted }));
  const untagged = completed.flatMap(({ snapshotId }) =>
    snapshotId && !seen.has(snapshotId) ? [snapshotId] : [],
  );
  const made = await listSnapshots(ec2, { name: 'snapshot-id', values: [...new Set(untagged)] });
  const snapshots = [...tagged, ...made].filter(({ snapshotId }) => !except.has(snapshotId));
  const known = new Set([...snapshots.map(({ snapshotId }) => snapshotId), ...except]);
  const hasUnseen = completed.some(
    (task) => task.snapshotId && !known.has(task.snapshotId) && isRecent(task, ec2.now()),
  );
  return { ...chooseSnapshot({ wanted, tasks, snapshots }), hasUnseen };
}

/** EC2 shows what was made within minutes, and a task runs for hours at most. */
const recentMs = 24 * 3_600_000;

/** One without a time may have been started this very moment. */
function isRecent({ tags = {} }: ImportTask, now: number): boolean {
  const startedAt = Date.parse(tags[provenanceKeys.startedAt] ?? '');
  return Number.isNaN(startedAt) || now - startedAt < recentMs;
}
