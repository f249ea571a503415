import type { DisabledMark } from '@ec2-image/provenance';
import { examine } from './examine/examine.ts';
import { type Details, type Facts, type ImageFact, type ResourceFact, refOf, taskPhase } from './facts.ts';
import { noDetails } from './find-leftovers.ts';
import { contextOf } from './judge/context.ts';
import { judgeAlone } from './judge/judge.ts';
import { readNearby } from './read-nearby.ts';
import type { RecheckOptions } from './recheck-options.ts';
import type { NamedResource } from './saved-plan.ts';

export type Recheck =
  /** As the resource is now. */
  | { readonly status: 'delete'; readonly fact: ResourceFact }
  | { readonly status: 'deprecate'; readonly fact: ImageFact }
  | { readonly status: 'disable'; readonly fact: ImageFact; readonly because: DisabledMark['because'] }
  | { readonly status: 'enable'; readonly fact: ImageFact; readonly reason: string }
  | { readonly status: 'gone' }
  | { readonly status: 'keep'; readonly reason: string }
  /** A check that the verdict rests on failed. */
  | { readonly status: 'unread'; readonly reason: string };

/**
 * Reads one resource and all that its verdict rests on again, and judges it by the same rules as the first time, with
 * everything else staying where it is. From the plan come the resource's identity and where to look, never age or proof.
 *
 * @throws AwsCallError
 */
export async function recheck(resource: NamedResource, options: RecheckOptions): Promise<Recheck> {
  const { plan, policy, senders, signal } = options;
  const takenAt = options.now();
  const { fact, ...nearby } = await readNearby(resource, options);
  if (!fact) return { status: 'gone' };
  const facts: Facts = {
    account: plan.account,
    takenAt,
    regions: plan.regions,
    prefixes: plan.prefixes,
    buckets: plan.buckets,
    instances: [],
    uploads: [],
    objects: [],
    tasks: [],
    snapshots: [],
    images: [],
    details: noDetails,
    gaps: [],
    ...nearby,
  };
  let verdict = judgeAlone(fact, contextOf(facts, policy));
  let details = noDetails;
  if (verdict?.verdict === 'examine') {
    ({ details } = await examine({
      resources: [fact],
      senders,
      usage: options.usage,
      account: plan.account,
      now: takenAt,
      concurrency: 1,
      signal,
    }));
    verdict = judgeAlone(fact, contextOf({ ...facts, details }, policy));
  }
  if (!verdict)
    return hasEnded(fact, details) ? { status: 'gone' } : { status: 'keep', reason: noLongerIdentified };
  if (verdict.verdict === 'delete') return { status: 'delete', fact };
  if (verdict.verdict === 'deprecate') return { status: 'deprecate', fact: imageOf(fact) };
  if (verdict.verdict === 'disable')
    return { status: 'disable', fact: imageOf(fact), because: verdict.because };
  if (verdict.verdict === 'enable') return { status: 'enable', fact: imageOf(fact), reason: verdict.reason };
  if (verdict.verdict === 'examine') throw new Error('a resource that was examined is judged');
  return { status: verdict.code === 'unread' ? 'unread' : 'keep', reason: verdict.reason };
}

function imageOf(fact: ResourceFact): ImageFact {
  if (fact.kind !== 'ami') throw new Error(`${refOf(fact)} is not an AMI`);
  return fact;
}

const noLongerIdentified = 'no longer identifiable as created by ec2-image';

/** What the judges leave out because there is nothing left to delete, not for want of proof. */
function hasEnded(fact: ResourceFact, { uploads, objects, snapshots, images }: Details): boolean {
  if (fact.kind === 'task') return taskPhase(fact) === 'ended';
  if (fact.kind === 'instance') return false;
  if (fact.kind === 'ami' && fact.state === 'deregistered') return true;
  const details = { upload: uploads, object: objects, snapshot: snapshots, ami: images }[fact.kind];
  const detail = details.get(refOf(fact));
  return detail !== undefined && 'seen' in detail && detail.seen === undefined;
}
