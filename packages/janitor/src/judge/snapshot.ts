import { describedTaskOf, type ImageFact, refOf, type SnapshotFact, taskPhase } from '../facts.ts';
import { type Context, unread } from './context.ts';
import { list } from './image.ts';
import { type Keep, keep, keptBySuffix, protectedByTags, tooRecent, type Verdict } from './keep.ts';
import { importSuggestion } from './suggest-import.ts';

/**
 * Undefined for a snapshot that is neither ours nor was made by an import, or that is gone.
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
    if (foreign !== undefined) return keep('no-proof', `it carries our tags, but it ${foreign}`);
    const taskId = describedTaskOf(snapshot);
    return taskId === undefined
      ? undefined
      : keep(
          'no-proof',
          `an import made it (${taskId}), but it has no provenance tags, and no import task of ours or from our bucket is known to have made it`,
        );
  }
  const images = imagesOf(snapshot);
  const staying = images.filter((image) => image.state !== 'deregistered' && !leaves(image));
  const task = proofs.taskOf(snapshot);
  const settled =
    unread(context, snapshot, ['tasks', 'snapshots', 'images']) ??
    (snapshot.state !== 'completed' && snapshot.state !== 'error'
      ? keep('live', `it is ${snapshot.state}`)
      : undefined) ??
    (task && taskPhase(task) !== 'ended'
      ? keep('live', `import task ${task.taskId} is ${task.state}`)
      : undefined) ??
    (staying.length > 0
      ? keep(
          'in-use',
          `${list(staying.map(({ imageId }) => imageId))} ${staying.length === 1 ? 'uses' : 'use'} it`,
        )
      : undefined) ??
    protectedByTags(snapshot.tags, policy) ??
    keptBySuffix([snapshot.tags.Name, task?.tags.Name, ...images.map(({ name }) => name)], policy);
  if (settled) return settled;
  const resumable = snapshot.state === 'completed' && images.length === 0;
  const young = tooRecent({
    lastActivityAt: snapshot.startedAt,
    now,
    minimumAgeMs: policy.olderThanMs,
    what: 'its start',
  });
  if (young) return resumable ? keep(young.code, young.reason, importSuggestion(snapshot, context)) : young;
  if (resumable && now - snapshot.startedAt! < 2 * policy.olderThanMs) {
    return keep(
      'resumable',
      'it is complete and only its AMI is missing: it is kept for twice the age floor',
      importSuggestion(snapshot, context),
    );
  }
  return looked(snapshot, { proof, context });
}

function looked(
  snapshot: SnapshotFact,
  { proof, context }: { readonly proof: string; readonly context: Context },
): Verdict | undefined {
  const detail = context.facts.details.snapshots.get(refOf(snapshot));
  if (!detail) return { verdict: 'examine' };
  if ('unseen' in detail) return keep('unread', `who may use it could not be learnt: ${detail.unseen}`);
  if (detail.seen === undefined) return undefined;
  const { sharedWith, lock } = detail.seen;
  const obstacle: Keep | undefined =
    sharedWith.length > 0
      ? keep('shared', `it is shared with ${list(sharedWith)}`)
      : lock === undefined
        ? undefined
        : keep('protected', `it is locked (${lock})`);
  return obstacle ?? { verdict: 'delete', proof };
}
