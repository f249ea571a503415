import {
  isOurs,
  parseObjectKey,
  provenanceKeys,
  type Tags,
  whyNotOurImage,
  whyNotOurSnapshot,
} from '@ec2-image/provenance';
import {
  describedTaskOf,
  type Facts,
  type ImageFact,
  inRegion,
  type SnapshotFact,
  type TaskFact,
} from './facts.ts';

/** What proves that ec2-image created a resource, as a sentence's predicate ("is tagged …"); undefined where nothing proves it. */
export interface Proofs {
  task(task: TaskFact): string | undefined;
  snapshot(snapshot: SnapshotFact): string | undefined;
  image(image: ImageFact): string | undefined;
  /** Whether an AMI proves itself: it carries the provenance tags, and they did not come with a copy. */
  hasOwnMarks(resource: ImageFact | SnapshotFact): boolean;
  /** Why ec2-image did not create a resource that carries its tags, as a predicate; undefined where it did, or there are none. */
  whyForeign(resource: ImageFact | SnapshotFact): string | undefined;
  /** The task that made a snapshot, where it is known and proven to be ec2-image's. */
  taskOf(snapshot: SnapshotFact): TaskFact | undefined;
}

/** The chain of ownership: import task → snapshot → AMI, with provenance tags accepted at every link that has the origin for them. */
export function proofsOf({
  prefixes,
  buckets,
  tasks,
  images,
  snapshotOf,
}: Pick<Facts, 'prefixes' | 'buckets' | 'tasks' | 'images'> & {
  readonly snapshotOf: (region: string, snapshotId: string) => SnapshotFact | undefined;
}): Proofs {
  const ownBuckets = new Set(buckets.map(({ bucket }) => bucket));
  const taskById = new Map(tasks.map((task) => [inRegion(task, task.taskId), task]));
  const taskBySnapshot = new Map(
    tasks.flatMap((task) => (task.snapshotId ? [[inRegion(task, task.snapshotId), task] as const] : [])),
  );
  const taggedImageBySnapshot = new Map(
    images
      .filter((image) => whyNotOurImage(image) === undefined)
      .flatMap((image) => image.snapshotIds.map((id) => [inRegion(image, id), image] as const)),
  );

  const ofTask = (task: TaskFact): string | undefined => {
    if (isOurs(task.tags)) return tagged(task.tags);
    if (task.bucket === undefined || task.key === undefined || !ownBuckets.has(task.bucket)) return undefined;
    // The shape alone: whoever else uses the bucket may have a prefix in common.
    const { key } = task;
    return prefixes.some((prefix) => parseObjectKey(key, { prefix }))
      ? `reads s3://${task.bucket}/${key}, a key of ec2-image's pattern in this bucket`
      : undefined;
  };

  const describedTask = (snapshot: SnapshotFact): TaskFact | undefined => {
    const taskId = describedTaskOf(snapshot);
    return taskId === undefined ? undefined : taskById.get(inRegion(snapshot, taskId));
  };

  const whyNotOurs = (resource: ImageFact | SnapshotFact): string | undefined =>
    resource.kind === 'ami'
      ? whyNotOurImage(resource)
      : whyNotOurSnapshot(resource, { taskSnapshotId: describedTask(resource)?.snapshotId });

  const taskOf = (snapshot: SnapshotFact): TaskFact | undefined => {
    const made = taskBySnapshot.get(inRegion(snapshot, snapshot.snapshotId));
    const described = describedTask(snapshot);
    // Descriptions are anybody's to write: one that names a task which made another snapshot proves nothing.
    const task = made ?? (described?.snapshotId ? undefined : described);
    return task && ofTask(task) !== undefined ? task : undefined;
  };

  /** Its description names a task that is known to have made another snapshot. */
  const isCopy = (snapshot: SnapshotFact): boolean => {
    const made = describedTask(snapshot)?.snapshotId;
    return made !== undefined && made !== snapshot.snapshotId;
  };

  const byOwnMarks = (snapshot: SnapshotFact): string | undefined => {
    if (whyNotOurs(snapshot) === undefined) return tagged(snapshot.tags);
    // A snapshot of another origin did not come from an import, whatever a task says.
    const task = snapshot.origin.kind === 'import' ? taskOf(snapshot) : undefined;
    return task && `was made by import task ${task.taskId}, which ${ofTask(task)}`;
  };

  return {
    task: ofTask,
    taskOf,
    hasOwnMarks: (resource) => whyNotOurs(resource) === undefined,
    whyForeign: (resource) => (isOurs(resource.tags) ? whyNotOurs(resource) : undefined),
    snapshot(snapshot) {
      const own = byOwnMarks(snapshot);
      if (own !== undefined) return own;
      const image = taggedImageBySnapshot.get(inRegion(snapshot, snapshot.snapshotId));
      // A copy that ec2-image made of an AMI: the copied AMI alone tells whose its snapshots are.
      if (image && snapshot.origin.kind === 'foreign' && snapshot.origin.copiedFor === image.imageId)
        return `was copied for ${image.imageId}, which ${tagged(image.tags)}`;
      return image && describedTaskOf(snapshot) !== undefined && !isCopy(snapshot)
        ? `was made by an import and is in ${image.imageId}, which ${tagged(image.tags)}`
        : undefined;
    },
    image(image) {
      // What it was made from does not prove it either: CopyImage and CreateImage make snapshots of their own.
      if (image.foreignOrigin !== undefined) return undefined;
      if (isOurs(image.tags)) return tagged(image.tags);
      for (const id of image.snapshotIds) {
        const snapshot = snapshotOf(image.region, id);
        const proof = snapshot && byOwnMarks(snapshot);
        if (proof !== undefined) return `was made from ${id}, which ${proof}`;
      }
      return undefined;
    },
  };
}

function tagged(tags: Tags): string {
  return `is tagged ${provenanceKeys.sourceDigest}=${tags[provenanceKeys.sourceDigest]}`;
}
