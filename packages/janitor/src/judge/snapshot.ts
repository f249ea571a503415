import {
  describedTaskOf,
  type ImageFact,
  refOf,
  type SnapshotDetail,
  type SnapshotFact,
  taskPhase,
} from '../facts.ts';
import { type Context, unread } from './context.ts';
import { list } from './image.ts';
import { type Keep, keep, keptBySuffix, protectedByTags, tooRecent, type Verdict } from './keep.ts';
import { importSuggestion } from './suggest-import.ts';

/**
 * Undefined for a snapshot that is neither ec2-image's nor made by an import, or that is gone.
 *
 * @param options.leaves whether an AMI is to be deregistered before snapshots' turn comes
 */
export function judgeSnapshot(
  snapshot: SnapshotFact,
  context: Context,
  { leaves }: { readonly leaves: (image: ImageFact) => boolean },
): Verdict | undefined {
  const { policy, now, proofs, imagesOf } = context;
  const proof = proofs.snapshot(snapshot);
  if (proof === undefined) {
    const foreign = proofs.whyForeign(snapshot);
    if (foreign !== undefined) return keep('no-proof', `has ec2-image's tags, but ${foreign}`);
    const taskId = describedTaskOf(snapshot);
    return taskId === undefined
      ? undefined
      : keep(
          'no-proof',
          `created by ${taskId}, but neither it nor that task has ec2-image's tags, nor did the task read from a bucket of this run`,
        );
  }
  const images = imagesOf(snapshot);
  const held = heldSnapshot(snapshot, context, { leaves });
  if (held) return held;
  const resumable = snapshot.state === 'completed' && images.length === 0;
  const recent = tooRecent({
    lastActivityAt: snapshot.startedAt,
    now,
    minimumAgeMs: policy.olderThanMs,
    event: 'started',
  });
  if (recent)
    return resumable ? keep(recent.code, recent.reason, importSuggestion(snapshot, context)) : recent;
  if (resumable && now - snapshot.startedAt! < 2 * policy.olderThanMs) {
    return keep(
      'resumable',
      'complete, only its AMI is missing: kept for twice the minimum age',
      importSuggestion(snapshot, context),
    );
  }
  return examinedSnapshot(snapshot, { proof, context, sharingHolds: true });
}

/** What holds it before a closer look: work in progress, AMIs that stay, protection. */
export function heldSnapshot(
  snapshot: SnapshotFact,
  context: Context,
  { leaves }: { readonly leaves: (image: ImageFact) => boolean },
): Keep | undefined {
  const { policy, proofs, imagesOf } = context;
  const images = imagesOf(snapshot);
  const staying = images.filter((image) => image.state !== 'deregistered' && !leaves(image));
  const task = proofs.taskOf(snapshot);
  return (
    unread(context, snapshot, ['tasks', 'snapshots', 'images']) ??
    (snapshot.state !== 'completed' && snapshot.state !== 'error'
      ? keep('live', `the snapshot is ${snapshot.state}`)
      : undefined) ??
    (task && taskPhase(task) !== 'ended'
      ? keep('live', `import task ${task.taskId} is ${task.state}`)
      : undefined) ??
    (staying.length > 0
      ? keep('in-use', `used by ${list(staying.map(({ imageId }) => imageId))}`)
      : undefined) ??
    (snapshot.tier === undefined
      ? undefined
      : keep('in-use', `in the ${snapshot.tier} tier: somebody moved it there`)) ??
    protectedByTags(snapshot.tags, policy) ??
    keptBySuffix([snapshot.tags.Name, task?.tags.Name, ...images.map(({ name }) => name)], policy)
  );
}

/** @param options.sharingHolds whether a snapshot that is shared is kept: what other accounts do with it cannot be seen */
export function examinedSnapshot(
  snapshot: SnapshotFact,
  {
    proof,
    context,
    sharingHolds,
  }: { readonly proof: string; readonly context: Context; readonly sharingHolds: boolean },
): Verdict | undefined {
  const detail = context.facts.details.snapshots.get(refOf(snapshot));
  if (!detail) return { verdict: 'examine' };
  if ('unseen' in detail) return keep('unread', `cannot determine who may use it: ${detail.unseen}`);
  if (detail.seen === undefined) return undefined;
  return (
    obstacleSeen({ ...detail.seen, ...(!sharingHolds && { sharedWith: [] }) }) ?? { verdict: 'delete', proof }
  );
}

function obstacleSeen({
  references,
  fastRestores,
  tiering,
  sharedWith,
  lock,
}: NonNullable<SnapshotDetail>): Keep | undefined {
  if (references.length > 0) return keep('in-use', `used by ${list(references)}`);
  if (fastRestores.length > 0)
    return keep('in-use', `fast snapshot restore is enabled in ${list(fastRestores)}`);
  // Listed in the standard tier a moment ago: it is on its way to the archive, or back from it for a time.
  if (tiering !== undefined && !restoredForGood.has(tiering))
    return keep('in-use', `somebody moves it between the storage tiers (${tiering})`);
  if (sharedWith.length > 0) return keep('shared', `shared with ${list(sharedWith)}`);
  return lock === undefined ? undefined : keep('protected', `snapshot lock (${lock})`);
}

const restoredForGood = new Set(['permanent-restore-completed', 'archival-failed']);
