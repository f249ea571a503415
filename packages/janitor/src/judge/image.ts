import { type DisabledMark, disabledKey, readDisabledMark } from '@ec2-image/provenance';
import { type ImageDetail, type ImageFact, refOf } from '../facts.ts';
import { missingOf, wantedImageTags } from '../missing-tags.ts';
import { type Context, unread } from './context.ts';
import { type Keep, keep, keptBySuffix, newest, protectedByTags, tooRecent, type Verdict } from './keep.ts';

const failedStates = new Set(['failed', 'error', 'invalid']);
const healthyStates = new Set(['available', 'disabled']);

/** Undefined for an AMI that neither is ec2-image's nor looks like it, or that is gone. */
export function judgeImage(image: ImageFact, context: Context): Verdict | undefined {
  const { policy, proofs } = context;
  const proof = proofs.image(image);
  if (proof === undefined) {
    const foreign = proofs.whyForeign(image);
    if (foreign !== undefined) return keep('no-proof', `has ec2-image's tags, but ${foreign}`);
    const looksOurs =
      policy.amis.includes(image.imageId) || policy.names.some((name) => image.name.startsWith(`${name}-i`));
    return looksOurs
      ? keep(
          'no-proof',
          "only its name matches: neither it, nor its snapshots, nor their import tasks have ec2-image's tags",
        )
      : undefined;
  }
  if (image.state === 'deregistered') return undefined;
  const incomplete = unread(context, image, ['images']);
  if (incomplete) return incomplete;
  if (!failedStates.has(image.state) && !healthyStates.has(image.state)) {
    return keep('live', `the AMI is ${image.state}`);
  }
  if (failedStates.has(image.state)) return judgeFailed(image, { context, proof });
  return judgeHealthy(image, { context, proof });
}

interface Judging {
  readonly context: Context;
  readonly proof: string;
}

function judgeFailed(image: ImageFact, { context, proof }: Judging): Verdict | undefined {
  const obstacle = obstacleBefore(image, context) ?? closely(image, context);
  if (obstacle === 'gone') return undefined;
  return obstacle ?? deletion(`is ${image.state} and ${proof}`);
}

/**
 * Rule 14 of docs/janitor.md: a healthy AMI is disabled first, which can be undone, and deregistered by a later run that
 * still finds it unused. What has come into use by then, or is not superseded any more, is enabled again.
 */
function judgeHealthy(image: ImageFact, { context, proof }: Judging): Verdict | undefined {
  const { policy } = context;
  const mark = readDisabledMark(image.tags);
  if (mark?.because === 'retired')
    return keep('healthy', `disabled at ${mark.at} by ec2-image retire, which decides what becomes of it`);
  const grounds = groundsToDelete(image, context);
  const enable = (reason: string): Verdict =>
    mark
      ? { verdict: 'enable', reason: `disabled by the janitor at ${mark.at}, and ${reason}` }
      : keep('in-use', reason);
  if (mark?.phase === 'enabling') return enable('not enabled again completely');
  if (mark?.phase === 'disabled' && image.state === 'available') {
    return keep(
      'protected',
      `somebody enabled it after the janitor disabled it at ${mark.at} (the tag ${disabledKey} says so)`,
    );
  }
  if (grounds === undefined) {
    const wasSuperseded = mark?.because === 'superseded' && policy.superseded;
    return wasSuperseded ? enable('no longer superseded') : wanted(image, context);
  }
  const before = obstacleBefore(image, context);
  if (before) return mark && before.code === 'protected' ? enable(before.reason) : before;
  const obstacle = closely(image, context);
  if (obstacle === 'gone') return undefined;
  if (obstacle) {
    return mark && 'code' in obstacle && obstacle.code === 'in-use' ? enable(obstacle.reason) : obstacle;
  }
  const why = `${grounds} and ${proof}`;
  if (policy.deregisterNow || (mark && image.state === 'disabled')) return deletion(why);
  return image.state === 'disabled'
    ? keep('healthy', 'somebody disabled it: only --now deregisters it')
    : { verdict: 'disable', proof: why, because: becauseOf(image, context) };
}

function deletion(proof: string): Verdict {
  return { verdict: 'delete', proof };
}

/** What a closer look finds against it; undefined where that is nothing. */
function closely(image: ImageFact, context: Context): Keep | { verdict: 'examine' } | 'gone' | undefined {
  const detail = context.facts.details.images.get(refOf(image));
  if (!detail) return { verdict: 'examine' };
  if ('unseen' in detail) return keep('unread', `cannot determine what uses it: ${detail.unseen}`);
  if (detail.seen === undefined) return 'gone';
  return obstacleSeen(image, detail.seen, context);
}

/** Rule 14 of docs/janitor.md: named with `--ami`, or superseded. */
function groundsToDelete(image: ImageFact, { policy, proofs, streamOf }: Context): string | undefined {
  if (policy.amis.includes(image.imageId)) return 'was named with --ami';
  // A chain proves an AMI that somebody registered by hand from a snapshot of ec2-image, too: only tags make one of a stream.
  if (!policy.superseded || !proofs.hasOwnMarks(image)) return undefined;
  const newer = streamOf(image).find(
    (other) => supersedes(other, image) && proofs.hasOwnMarks(other) && proofs.image(other) !== undefined,
  );
  return newer && `is superseded by ${newer.imageId} (${newer.name})`;
}

function becauseOf({ imageId }: ImageFact, { policy }: Context): DisabledMark['because'] {
  return policy.amis.includes(imageId) ? 'named' : 'superseded';
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
  const mark = readDisabledMark(image.tags);
  const missing = Object.keys(missingOf(image.tags, wantedImageTags(image, context)));
  if (missing.length === 0 || image.state !== 'available') {
    return keep(
      'healthy',
      image.state === 'disabled'
        ? `disabled${mark ? ` by the janitor at ${mark.at}` : ''}, and not named for deletion`
        : 'neither failed nor named for deletion',
    );
  }
  return keep('lacks-tags', `healthy AMI without the tags ${missing.join(', ')}`, [
    'tag-fix',
    image.imageId,
    '--region',
    image.region,
  ]);
}

/** What its description alone says against deleting it. */
function obstacleBefore(image: ImageFact, { policy, now }: Context): Keep | undefined {
  return (
    (image.isPublic ? keep('shared', 'public') : undefined) ??
    (image.protection === undefined
      ? undefined
      : keep('protected', `deregistration protection (${image.protection})`)) ??
    protectedByTags(image.tags, policy) ??
    keptBySuffix([image.name, image.tags.Name], policy) ??
    tooRecent({ lastActivityAt: image.createdAt, now, minimumAgeMs: policy.olderThanMs, event: 'created' }) ??
    launchedRecently(image.lastLaunchedAt, { policy, now })
  );
}

function obstacleSeen(
  image: ImageFact,
  detail: NonNullable<ImageDetail>,
  { policy, now }: Context,
): Keep | undefined {
  if (detail.references.length > 0) return keep('in-use', `used by ${list(detail.references)}`);
  if (detail.sharedWith.length > 0) return keep('shared', `shared with ${list(detail.sharedWith)}`);
  return launchedRecently(newest(image.lastLaunchedAt, detail.lastLaunchedAt), { policy, now });
}

export function launchedRecently(
  lastLaunchedAt: number | undefined,
  { policy, now }: Pick<Context, 'policy' | 'now'>,
): Keep | undefined {
  if (lastLaunchedAt === undefined) return undefined;
  return tooRecent({
    lastActivityAt: lastLaunchedAt,
    now,
    minimumAgeMs: policy.olderThanMs,
    event: 'last launched',
  });
}

export function list(items: readonly string[]): string {
  return items.length <= 3
    ? items.join(', ')
    : `${items.slice(0, 3).join(', ')} and ${items.length - 3} more`;
}
