import { bootTestKey, type DisabledMark, readDisabledMark, readProvenance } from '@ec2-image/provenance';
import { type ImageDetail, type ImageFact, refOf } from '../facts.ts';
import type { RetainedStream } from '../policy.ts';
import { streamNameOf } from '../relations.ts';
import { type Context, unread } from './context.ts';
import { launchedRecently, list } from './image.ts';
import { keep, keptBySuffix, newest, protectedByTags, tooRecent, type Verdict } from './keep.ts';

const healthyStates = new Set(['available', 'disabled']);

/** A time that has passed is set to one of the next minutes: EC2 takes none in the past. */
const soonMs = 5 * 60_000;

/**
 * An AMI that its stream does not retain any more is deprecated; after the grace period, unused, disabled, whoever it is
 * shared with; and deregistered by a later run that still finds it unused. What is in use by then is enabled again.
 *
 * Undefined for what is of no stream that is retained, or none of an `available` or `disabled` AMI's steps.
 */
export function judgeRetirement(image: ImageFact, context: Context): Verdict | undefined {
  const { policy, proofs } = context;
  const stream = policy.retain?.find(({ name }) => name === streamNameOf(image));
  if (!stream || image.state === 'deregistered') return undefined;
  const foreign = proofs.whyForeign(image);
  if (foreign !== undefined) return keep('no-proof', `has ec2-image's tags, but ${foreign}`);
  const proof = proofs.hasOwnMarks(image) ? proofs.image(image) : undefined;
  if (proof === undefined) return undefined;
  const incomplete = unread(context, image, ['images']);
  if (incomplete) return incomplete;
  if (image.state === 'pending') return keep('live', 'the AMI is pending');
  if (!healthyStates.has(image.state)) return undefined;
  const mark = readDisabledMark(image.tags);
  return markedByOthers(image, mark) ?? judgeStep(image, { context, stream, mark, proof });
}

/** What somebody else has decided stays as it is. */
function markedByOthers(image: ImageFact, mark: DisabledMark | undefined): Verdict | undefined {
  if (mark && mark.because !== 'retired') {
    return keep('healthy', `the janitor disabled it at ${mark.at}, and decides what becomes of it`);
  }
  if (mark?.phase === 'disabled' && image.state === 'available') {
    return keep('protected', `somebody enabled it after it was disabled at ${mark.at}`);
  }
  if (mark || image.state !== 'disabled') return undefined;
  return keep('protected', 'somebody else disabled it');
}

interface Judging {
  readonly context: Context;
  readonly stream: RetainedStream;
  readonly mark: DisabledMark | undefined;
  readonly proof: string;
}

function judgeStep(image: ImageFact, { context, stream, mark, proof }: Judging): Verdict | undefined {
  const { policy, now, facts } = context;
  if (mark?.phase === 'enabling') return enable('not enabled again completely', mark);
  const orEnable = (verdict: Extract<Verdict, { verdict: 'keep' }>) =>
    mark ? enable(verdict.reason, mark) : verdict;
  const grounds = groundsToRetire(image, { context, stream });
  if (!grounds.retire) return orEnable(keep('retained', grounds.reason));
  const held =
    (image.protection === undefined
      ? undefined
      : keep('protected', `deregistration protection (${image.protection})`)) ??
    protectedByTags(image.tags, policy) ??
    keptBySuffix([image.name, image.tags.Name], policy);
  if (held) return orEnable(held);
  const detail = facts.details.images.get(refOf(image));
  const why = `${grounds.reason} and ${proof}`;
  const isDeprecated = image.deprecatesAt !== undefined && image.deprecatesAt <= now + soonMs;
  const waits =
    isDeprecated && !mark ? (inGrace(image, { stream, now }) ?? recent(image, context)) : undefined;
  if (waits) return waits;
  if (!detail) return { verdict: 'examine' };
  if ('unseen' in detail) return keep('unread', `cannot determine what uses it: ${detail.unseen}`);
  if (detail.seen === undefined) return undefined;
  if (!isDeprecated && !mark) return announced(detail.seen) ?? { verdict: 'deprecate', proof: why };
  const used = inUse(image, detail.seen, context);
  if (used) return orEnable(used);
  return mark && image.state === 'disabled'
    ? { verdict: 'delete', proof: why }
    : { verdict: 'disable', proof: why, because: 'retired' };
}

function enable(reason: string, { at }: DisabledMark): Verdict {
  return { verdict: 'enable', reason: `disabled at ${at}, and ${reason}` };
}

type Grounds = { readonly retire: boolean; readonly reason: string };

/**
 * An AMI whose boot test failed is none of those that stay for their number: it would push out one that boots. The order
 * is that of the imports, so that it is the same in every region, whenever a copy was made.
 */
function groundsToRetire(
  image: ImageFact,
  { context, stream }: Pick<Judging, 'context' | 'stream'>,
): Grounds {
  const { proofs, streamOf, now } = context;
  const { count, ageMs } = stream;
  if (image.createdAt === undefined)
    return { retire: false, reason: 'age unknown: AWS reports no time at which it was created' };
  const newer = streamOf(image).filter(
    (other) =>
      other.state === 'available' &&
      other.tags[bootTestKey] !== 'failed' &&
      isNewer(other, image) &&
      proofs.hasOwnMarks(other) &&
      proofs.image(other) !== undefined,
  ).length;
  if (newer < count) {
    const newest = count === 1 ? 'the newest' : `one of the newest ${count}`;
    return { retire: false, reason: `${newest} of ${stream.name}` };
  }
  const age = now - image.createdAt;
  if (ageMs !== undefined && age < ageMs)
    return { retire: false, reason: `created ${days(age)} ago (retained for ${days(ageMs)})` };
  const older = ageMs === undefined ? '' : `, is older than ${days(ageMs)}`;
  return {
    retire: true,
    reason: `has ${newer} newer ${newer === 1 ? 'AMI' : 'AMIs'} of ${stream.name} (retained: ${count})${older}`,
  };
}

/** By when their imports began; AMIs of one import, or without that tag, by when they were registered. */
function isNewer(one: ImageFact, other: ImageFact): boolean {
  const [started, otherStarted] = [one, other].map(({ tags }) => readProvenance(tags)?.startedAt?.getTime());
  if (started !== undefined && otherStarted !== undefined && started !== otherStarted)
    return started > otherStarted;
  return one.createdAt !== undefined && one.createdAt > other.createdAt!;
}

function inGrace(
  image: ImageFact,
  { stream, now }: { readonly stream: RetainedStream; readonly now: number },
): Verdict | undefined {
  const end = image.deprecatesAt! + stream.graceMs;
  if (end <= now) return undefined;
  const iso = (time: number) => new Date(time).toISOString();
  return keep('in-grace', `deprecated at ${iso(image.deprecatesAt!)}, keeps its sharing until ${iso(end)}`);
}

/** What the AMI's description alone says. */
function recent(image: ImageFact, { policy, now }: Context): Verdict | undefined {
  const { createdAt, lastLaunchedAt } = image;
  return (
    tooRecent({ lastActivityAt: createdAt, now, minimumAgeMs: policy.olderThanMs, event: 'created' }) ??
    launchedRecently(lastLaunchedAt, { policy, now })
  );
}

/** Whoever follows a parameter would be sent to a deprecated AMI. */
function announced({ references }: NonNullable<ImageDetail>) {
  const parameters = references.filter((reference) => /^arn:[^:]+:ssm:|^\//.test(reference));
  return parameters.length > 0 ? keep('in-use', `named by ${list(parameters)}`) : undefined;
}

/** Being shared alone does not count: the grace period was for those others, and a launch of theirs shows as the last one. */
function inUse(image: ImageFact, detail: NonNullable<ImageDetail>, { policy, now }: Context) {
  if (detail.references.length > 0) return keep('in-use', `used by ${list(detail.references)}`);
  return launchedRecently(newest(image.lastLaunchedAt, detail.lastLaunchedAt), { policy, now });
}

function days(ms: number): string {
  const hours = Math.floor(ms / 3_600_000);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}
