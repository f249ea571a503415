import { type CallOptions, systemClock } from '@ec2-image/aws-call';
import { change, disableFirst, type Outcome, type SweepRun } from './change.ts';
import { checkPlan } from './check-plan.ts';
import type { RegionalClients } from './clients.ts';
import { createUsageReader } from './examine/usage.ts';
import { mapByRegion } from './map-by-region.ts';
import { kindsInOrder, type Plan, type ResourceToChange, resourcesToChange } from './plan.ts';
import { defaultMaxDeletes } from './policy.ts';
import type { RemovalOptions } from './remove/removal.ts';
import { createSenders } from './senders.ts';
import type { SweepOutcome } from './sweep-outcome.ts';

export interface SweepOptions extends CallOptions {
  /** Of `planSweep`, or one of those narrowed: a plan read from a file cannot vouch for its own scope and policy. */
  readonly plan: Plan;
  /** The account that the clients' credentials are of: the plan must be of the same. */
  readonly account: string;
  readonly clients: RegionalClients;
  /** A plan that would delete more deletes nothing. Default 50. */
  readonly maxDeletes?: number;
  /** How many resources of one kind are changed at once, in each region. Default 4. */
  readonly concurrency?: number;
  /** Gives an AMI that is enabled again to whom the configuration says. Default: as was noted on it. */
  readonly restoreSharing?: RemovalOptions['restoreSharing'];
  readonly onOutcome?: (outcome: SweepOutcome) => void;
}

const defaultConcurrency = 4;

/**
 * Deletes, deprecates, disables and enables what the plan says, and nothing else: each resource after a second check, in the order of {@link kindsInOrder},
 * each kind when the one before is done. What fails stops nothing that does not hang on it. The outcomes come in the same order.
 *
 * @throws JanitorError `PLAN_EXPIRED`, `PLAN_OF_ANOTHER_ACCOUNT` or `TOO_MANY_DELETES`, before anything is deleted
 */
export async function sweep(options: SweepOptions): Promise<SweepOutcome[]> {
  const { plan, account, maxDeletes = defaultMaxDeletes, signal, onOutcome } = options;
  const { concurrency = defaultConcurrency, clock = systemClock } = options;
  checkPlan(plan, { account, now: clock.now(), maxDeletes });
  const senders = createSenders(options);
  const { now } = clock;
  const run: SweepRun = {
    plan,
    recheck: { plan, policy: plan.policy, senders, now, signal },
    usage: createUsageReader(senders, now),
    removal: { senders, account, now, signal, restoreSharing: options.restoreSharing },
    deregistered: [],
    disabled: new Set(),
  };
  const outcomes: (SweepOutcome & { readonly resource: ResourceToChange })[] = [];
  const each = async (
    resources: readonly ResourceToChange[],
    work: (resource: ResourceToChange) => Promise<Outcome | undefined>,
  ) => {
    await mapByRegion(resources, concurrency, async (resource) => {
      signal?.throwIfAborted();
      const outcome = await work(resource).catch(
        (error): Outcome => ({ outcome: 'failed', detail: (error as Error).message }),
      );
      signal?.throwIfAborted();
      if (!outcome) return;
      outcomes.push({ resource, ...outcome });
      onOutcome?.({ resource, ...outcome });
    });
  };
  const planned = (kind: ResourceToChange['kind']) =>
    resourcesToChange(plan).filter((resource) => resource.kind === kind);
  for (const kind of kindsInOrder) {
    const resources = planned(kind);
    if (kind === 'ami' && plan.policy.deregisterNow) {
      await each(resources, (resource) => disableFirst(resource, run));
      // Nobody can launch from them any more: now their use is looked for the last time.
      run.usage = createUsageReader(senders, now);
    }
    const done = new Set(outcomes.map(({ resource }) => resource));
    await each(
      resources.filter((resource) => !done.has(resource)),
      (resource) => change(resource, run),
    );
  }
  // As they are planned, whichever ended first.
  const inOrder = new Map(kindsInOrder.flatMap(planned).map((resource, index) => [resource, index]));
  return outcomes.sort((one, other) => inOrder.get(one.resource)! - inOrder.get(other.resource)!);
}
