import { parseAmiName } from '@ec2-image/provenance';
import { type ImageDetail, type ImageFact, refOf } from '../facts.ts';
import { missingOf, wantedImageTags } from '../missing-tags.ts';
import { type Context, unread } from './context.ts';
import { type Keep, keep, keptBySuffix, newest, protectedByTags, tooRecent, type Verdict } from './keep.ts';

const failedStates = new Set(['failed', 'error', 'invalid']);
const healthyStates = new Set(['available', 'disabled']);

/** Undefined for an AMI that is neither ours nor looks like it, or that is gone. */
export function judgeImage(image: ImageFact, context: Context): Verdict | undefined {
  const { policy, proofs } = context;
  const proof = proofs.image(image);
  if (proof === undefined) {
    const foreign = proofs.whyForeign(image);
    if (foreign !== undefined) return keep('no-proof', `it carries our tags, but it ${foreign}`);
    const looksOurs =
      policy.amis.includes(image.imageId) || policy.names.includes(parseAmiName(image.name)?.name ?? '');
    return looksOurs
      ? keep(
          'no-proof',
          'nothing but its name says that it is ours: it has no provenance tags, and neither has a snapshot of it or the task that made one',
        )
      : undefined;
  }
  if (image.state === 'deregistered') return undefined;
  const incomplete = unread(context, image, ['images']);
  if (incomplete) return incomplete;
  if (!failedStates.has(image.state) && !healthyStates.has(image.state)) {
    return keep('live', `it is ${image.state}`);
  }
  const grounds = groundsToDelete(image, context);
  if (grounds === undefined) return wanted(image, context);
  const obstacle = obstacleBefore(image, context);
  if (obstacle) return obstacle;
  const detail = context.facts.details.images.get(refOf(image));
  if (!detail) return { verdict: 'examine' };
  if ('unseen' in detail) return keep('unread', `what uses it could not be learnt: ${detail.unseen}`);
  if (detail.seen === undefined) return undefined;
  return obstacleSeen(image, detail.seen, context) ?? { verdict: 'delete', proof: `${grounds} and ${proof}` };
}

/** Rules 6 and 14: failed, named with `--ami`, or superseded. */
function groundsToDelete(image: ImageFact, { policy, proofs, seriesOf }: Context): string | undefined {
  if (failedStates.has(image.state)) return `is ${image.state}`;
  if (policy.amis.includes(image.imageId)) return 'was named with --ami';
  // A chain proves an AMI that somebody registered from our snapshot by hand, too: only tags make one of a series.
  if (!policy.superseded || image.state !== 'available' || !proofs.hasOwnMarks(image)) return undefined;
  const newer = seriesOf(image).find(
    (other) => supersedes(other, image) && proofs.image(other) !== undefined,
  );
  return newer && `is superseded by ${newer.imageId} (${newer.name})`;
}

function supersedes(newer: ImageFact, older: ImageFact): boolean {
  return (
    newer.state === 'available' &&
    newer.createdAt !== undefined &&
    older.createdAt !== undefined &&
    newer.createdAt > older.createdAt
  );
}

function wanted(image: ImageFact, context: Context): Keep {
  const missing = Object.keys(missingOf(image.tags, wantedImageTags(image, context)));
  if (missing.length === 0 || image.state !== 'available') {
    return keep(
      'healthy',
      image.state === 'disabled' ? 'it is disabled, not failed' : 'nothing is wrong with it',
    );
  }
  return keep('lacks-tags', `it is healthy, but lacks the tags ${missing.join(', ')}`, [
    'tag-fix',
    image.imageId,
    '--region',
    image.region,
  ]);
}

/** What its description alone says against deleting it. */
function obstacleBefore(image: ImageFact, { policy, now }: Context): Keep | undefined {
  return (
    (image.isPublic ? keep('shared', 'it is public') : undefined) ??
    (image.protection === undefined
      ? undefined
      : keep('protected', `it is protected from deregistration (${image.protection})`)) ??
    protectedByTags(image.tags, policy) ??
    keptBySuffix([image.name, image.tags.Name], policy) ??
    tooRecent({ lastActivityAt: image.createdAt, now, minimumAgeMs: policy.olderThanMs, what: 'its creation' }) ??
    launchedRecently(image.lastLaunchedAt, { policy, now })
  );
}

function obstacleSeen(
  image: ImageFact,
  detail: NonNullable<ImageDetail>,
  { policy, now }: Context,
): Keep | undefined {
  if (detail.references.length > 0)
    return keep(
      'in-use',
      `${list(detail.references)} ${detail.references.length === 1 ? 'refers' : 'refer'} to it`,
    );
  if (detail.sharedWith.length > 0) return keep('shared', `it is shared with ${list(detail.sharedWith)}`);
  return launchedRecently(newest(image.lastLaunchedAt, detail.lastLaunchedAt), { policy, now });
}

function launchedRecently(
  lastLaunchedAt: number | undefined,
  { policy, now }: Pick<Context, 'policy' | 'now'>,
): Keep | undefined {
  if (lastLaunchedAt === undefined) return undefined;
  return tooRecent({ lastActivityAt: lastLaunchedAt, now, minimumAgeMs: policy.olderThanMs, what: 'its last launch' });
}

export function list(items: readonly string[]): string {
  return items.length <= 3
    ? items.join(', ')
    : `${items.slice(0, 3).join(', ')} and ${items.length - 3} more`;
}
