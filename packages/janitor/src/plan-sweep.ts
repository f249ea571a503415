import { parseObjectKey, readProvenance } from '@ec2-image/provenance';
import { type Facts, idOf, type ResourceFact, refOf, taskPhase } from './facts.ts';
import { type Context, contextOf } from './judge/context.ts';
import { judgeAll } from './judge/judge.ts';
import { keep, newest, type Verdict } from './judge/keep.ts';
import type { Plan, Resource } from './plan.ts';
import { type Policy, planLifetimeMs } from './policy.ts';

/**
 * Decides what becomes of each resource. Pure: the same facts and policy give the same plan.
 *
 * Whatever was not examined is kept, as is everything that depends on a list in `facts.gaps`.
 */
export function planSweep(facts: Facts, policy: Policy): Plan {
  const context = contextOf(facts, policy);
  const resources = judgeAll(context, { examined: true }).map(([fact, verdict]) =>
    resourceOf(fact, verdict, context),
  );
  const seen = new Set(facts.images.map(({ imageId }) => imageId));
  const iso = (time: number) => new Date(time).toISOString();
  return {
    version: 1,
    account: facts.account,
    regions: facts.regions,
    buckets: facts.buckets,
    prefixes: facts.prefixes,
    madeAt: iso(facts.takenAt),
    expiresAt: iso(facts.takenAt + planLifetimeMs),
    policy,
    resources,
    gaps: facts.gaps,
    notices: [
      ...(!policy.retain && facts.buckets.length === 0 && !facts.gaps.some(({ what }) => what === 'bucket')
        ? ['S3 was not scanned: no bucket given.']
        : []),
      ...(policy.retain || policy.superseded || policy.amis.length > 0 ? [unseenUse] : []),
      ...(policy.retain ? [useByOthers] : []),
      ...policy.amis
        .filter((id) => !seen.has(id))
        .map(
          (id) =>
            `${id} was named with --ami, but is not among this account's AMIs in ${facts.regions.join(', ')}.`,
        ),
    ],
  };
}

const unseenUse =
  'Not visible to ec2-image: AMIs that AWS Batch, EMR, Elastic Beanstalk, templates or code name. Check them before AMIs are deregistered.';

const useByOthers =
  'Use by other accounts is looked for just before an AMI is disabled or deregistered (CreateImageUsageReport).';

/** The resources that would be deleted if a closer look found nothing against it: all that need one. */
export function resourcesToExamine(facts: Facts, policy: Policy): ResourceFact[] {
  return judgeAll(contextOf(facts, policy), { examined: false }).flatMap(([fact, { verdict }]) =>
    verdict === 'examine' ? [fact] : [],
  );
}

function resourceOf(fact: ResourceFact, verdict: Verdict, context: Context): Resource {
  const lastActivityAt = lastActivityOf(fact, context.facts);
  const common = {
    kind: fact.kind,
    ref: refOf(fact),
    id: idOf(fact),
    region: fact.region,
    ...namesOf(fact, context),
    ...('bucket' in fact && fact.bucket !== undefined && { bucket: fact.bucket }),
    ...('key' in fact && fact.key !== undefined && { key: fact.key }),
    ...('versionId' in fact && fact.versionId !== undefined && { versionId: fact.versionId }),
    sizeBytes: sizeOf(fact, context.facts),
    sizeIsUpperBound: fact.kind === 'snapshot',
    lastActivityAt: lastActivityAt === undefined ? null : new Date(lastActivityAt).toISOString(),
    ageSeconds: lastActivityAt === undefined ? null : Math.floor((context.now - lastActivityAt) / 1000),
    dependents: dependentsOf(fact, context),
  };
  if (verdict.verdict === 'examine') return { ...common, ...keep('unread', 'not examined') };
  return { ...common, ...verdict };
}

function namesOf(fact: ResourceFact, { facts }: Context): { name?: string } {
  const inKey = (key = '') =>
    facts.prefixes
      .map((prefix) => parseObjectKey(key, { prefix })?.amiName)
      .find((found) => found !== undefined);
  const name =
    fact.kind === 'ami'
      ? fact.name
      : fact.kind === 'snapshot' || fact.kind === 'instance'
        ? fact.tags.Name
        : fact.kind === 'task'
          ? (fact.tags.Name ?? inKey(fact.key))
          : inKey(fact.key);
  return name === undefined ? {} : { name };
}

function sizeOf(fact: ResourceFact, facts: Facts): number | null {
  switch (fact.kind) {
    case 'object':
    case 'snapshot':
      return fact.sizeBytes;
    case 'upload': {
      const detail = facts.details.uploads.get(refOf(fact));
      return detail && 'seen' in detail ? (detail.seen?.sizeBytes ?? null) : null;
    }
    default:
      return null;
  }
}

function lastActivityOf(fact: ResourceFact, facts: Facts): number | undefined {
  switch (fact.kind) {
    case 'upload': {
      const detail = facts.details.uploads.get(refOf(fact));
      return newest(fact.initiatedAt, detail && 'seen' in detail ? detail.seen?.newestPartAt : undefined);
    }
    case 'object':
      return fact.modifiedAt;
    case 'task':
      return readProvenance(fact.tags)?.startedAt?.getTime();
    case 'snapshot':
    case 'instance':
      return fact.startedAt;
    case 'ami': {
      const detail = facts.details.images.get(refOf(fact));
      const launched = detail && 'seen' in detail ? detail.seen?.lastLaunchedAt : undefined;
      return newest(fact.createdAt, fact.lastLaunchedAt, launched);
    }
  }
}

function dependentsOf(fact: ResourceFact, { facts, imagesOf, readersOf }: Context): string[] {
  switch (fact.kind) {
    case 'snapshot':
      return imagesOf(fact)
        .filter(({ state }) => state !== 'deregistered')
        .map(({ imageId }) => imageId);
    case 'object':
      return readersOf(fact)
        .filter((task) => taskPhase(task) !== 'ended')
        .map(({ taskId }) => taskId);
    case 'ami': {
      const detail = facts.details.images.get(refOf(fact));
      return detail && 'seen' in detail ? [...(detail.seen?.references ?? [])] : [];
    }
    default:
      return [];
  }
}
