import { type CallOptions, systemClock } from '@ec2-image/aws-call';
import { keyPrefix } from '@ec2-image/provenance';
import pLimit from 'p-limit';
import type { RegionalClients } from './clients.ts';
import { JanitorError } from './errors.ts';
import { createUsageReader } from './examine/usage.ts';
import type { Plan } from './plan.ts';
import { recheck } from './recheck.ts';
import type { NamedResource, SavedPlan } from './saved-plan.ts';
import type { Scope } from './scan/scan-account.ts';
import { createSenders } from './senders.ts';
import type { SweepOutcome } from './sweep-outcome.ts';

export interface NarrowedPlan {
  /** The fresh plan, with nothing in it that the saved one does not name. */
  readonly plan: Plan;
  /** What the saved plan names and the fresh one does not know. */
  readonly missing: readonly NamedResource[];
}

/**
 * Takes out of a fresh plan whatever a saved one does not name. So only what the flags and the configuration of now
 * would delete is deleted, and only if somebody had it before them: the saved plan adds nothing. Pure.
 *
 * @param fresh made for `scope`, a moment ago
 * @throws JanitorError `PLAN_OUT_OF_SCOPE` where the saved plan names what lies elsewhere
 */
export function narrowPlan(saved: SavedPlan, { fresh, scope }: { fresh: Plan; scope: Scope }): NarrowedPlan {
  const nameOf = ({ kind, ref }: Pick<NamedResource, 'kind' | 'ref'>) => `${kind} ${ref}`;
  const wanted = new Map(saved.changes.map((resource) => [nameOf(resource), resource]));
  const resources = fresh.resources.filter(
    (resource) =>
      // Who agreed to an AMI being disabled did not agree to its deregistration.
      wanted.get(nameOf(resource))?.verdict === resource.verdict &&
      wanted.get(nameOf(resource))?.id === resource.id &&
      wanted.get(nameOf(resource))?.region === resource.region,
  );
  const found = new Set(resources.map(nameOf));
  const missing = [...wanted.values()].filter((resource) => !found.has(nameOf(resource)));
  const outside = missing.filter((resource) => !isInScope(resource, scope));
  if (outside.length > 0) {
    throw new JanitorError(
      'PLAN_OUT_OF_SCOPE',
      `the plan names ${outside[0]!.ref}${outside.length > 1 ? ` and ${outside.length - 1} more` : ''}, outside the regions, buckets and prefixes of this run`,
      {
        hint: 'Use the --region, --bucket and --key-prefix that the plan was made with: they are not taken from the plan.',
        facts: { refs: outside.map(({ ref }) => ref) },
      },
    );
  }
  return { plan: { ...fresh, resources }, missing };
}

function isInScope({ kind, region, bucket = '', key = '' }: NamedResource, scope: Scope): boolean {
  // A task reads an object, and is itself in no bucket.
  if (kind !== 'upload' && kind !== 'object') return scope.regions.includes(region);
  return scope.buckets.includes(bucket) && scope.prefixes.some((prefix) => key.startsWith(keyPrefix(prefix)));
}

/** Says of what the fresh plan does not know whether it is gone, or why it is kept. Deletes nothing. */
export async function explainMissing(
  { plan, missing }: NarrowedPlan,
  calls: CallOptions & { readonly clients: RegionalClients },
): Promise<SweepOutcome[]> {
  const { clock = systemClock, signal } = calls;
  const senders = createSenders(calls);
  const usage = createUsageReader(senders, clock.now);
  const options = { plan, policy: plan.policy, senders, usage, now: clock.now, deregistered: [], signal };
  return pLimit(4).map(missing, async (resource): Promise<SweepOutcome> => {
    try {
      const look = await recheck(resource, options);
      if (look.status === 'gone') return { resource, outcome: 'gone' };
      if (look.status !== 'unread' && look.status !== 'keep')
        return { resource, outcome: 'skipped', detail: `the plan does not say "${look.status}"` };
      return { resource, outcome: look.status === 'unread' ? 'failed' : 'skipped', detail: look.reason };
    } catch (error) {
      signal?.throwIfAborted();
      return { resource, outcome: 'failed', detail: (error as Error).message };
    }
  });
}
