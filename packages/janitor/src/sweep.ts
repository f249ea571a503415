import { type CallOptions, systemClock } from '@ec2-image/aws-call';
import pLimit from 'p-limit';
import { checkPlan } from './check-plan.ts';
import type { RegionalClients } from './clients.ts';
import type { ImageFact, Kind, ResourceFact } from './facts.ts';
import { kindsInOrder, type Plan, type ResourceToDelete, resourcesToDelete } from './plan.ts';
import { defaultMaxDeletes } from './policy.ts';
import { recheck } from './recheck.ts';
import { removeImage } from './remove/image.ts';
import { removeObject } from './remove/object.ts';
import type { Removal, RemovalOptions } from './remove/removal.ts';
import { removeSnapshot } from './remove/snapshot.ts';
import { removeTask } from './remove/task.ts';
import { removeUpload } from './remove/upload.ts';
import type { NamedResource } from './saved-plan.ts';
import { createSenders } from './senders.ts';

export interface SweepOptions extends CallOptions {
  /** Of `planSweep`, or one of those narrowed: a plan read from a file cannot vouch for its own scope and policy. */
  readonly plan: Plan;
  /** The account that the clients' credentials are of: the plan must be of the same. */
  readonly account: string;
  readonly clients: RegionalClients;
  /** A plan that would delete more deletes nothing. Default 50. */
  readonly maxDeletes?: number;
  /** How many resources of one kind are removed at once. Default 4. */
  readonly concurrency?: number;
  readonly onOutcome?: (outcome: SweepOutcome) => void;
}

export interface SweepOutcome {
  readonly resource: NamedResource & Partial<Pick<ResourceToDelete, 'sizeBytes' | 'sizeIsUpperBound'>>;
  /**
   * `deleted`: a read confirmed it. `gone`: somebody else had been faster. `skipped`: checked again, and
   * kept. `failed`: still there, or not known.
   */
  readonly outcome: 'deleted' | 'gone' | 'skipped' | 'failed';
  readonly detail?: string;
}

const defaultConcurrency = 4;

/**
 * Deletes what the plan says, and nothing else: each resource after a second check, in the order of {@link kindsInOrder},
 * each kind when the one before is done. What fails stops nothing that does not hang on it.
 *
 * @throws JanitorError `PLAN_EXPIRED`, `PLAN_OF_ANOTHER_ACCOUNT` or `TOO_MANY_DELETES`, before anything is deleted
 */
export async function sweep(options: SweepOptions): Promise<SweepOutcome[]> {
  const { plan, account, maxDeletes = defaultMaxDeletes, signal, onOutcome } = options;
  const { concurrency = defaultConcurrency, clock = systemClock } = options;
  checkPlan(plan, { account, now: clock.now(), maxDeletes });
  const senders = createSenders(options);
  const deregistered: ImageFact[] = [];
  const outcomes: SweepOutcome[] = [];
  const limit = pLimit(concurrency);
  for (const kind of kindsInOrder) {
    const resources = resourcesToDelete(plan).filter((resource) => resource.kind === kind);
    await limit.map(resources, async (resource) => {
      signal?.throwIfAborted();
      const outcome = await sweepOne(resource, async () => {
        const look = await recheck(resource, {
          plan,
          policy: plan.policy,
          senders,
          now: clock.now,
          deregistered: [...deregistered],
          signal,
        });
        if (look.status === 'gone') return { outcome: 'gone' };
        if (look.status === 'keep') return { outcome: 'skipped', detail: look.reason };
        if (look.status === 'unread') return { outcome: 'failed', detail: look.reason };
        const removal = await remove(look.fact, { senders, account, signal });
        if (look.fact.kind === 'ami') deregistered.push({ ...look.fact, state: 'deregistered' });
        return removal;
      });
      signal?.throwIfAborted();
      outcomes.push(outcome);
      onOutcome?.(outcome);
    });
  }
  return outcomes;
}

async function sweepOne(
  resource: ResourceToDelete,
  work: () => Promise<Omit<SweepOutcome, 'resource'>>,
): Promise<SweepOutcome> {
  try {
    return { resource, ...(await work()) };
  } catch (error) {
    return { resource, outcome: 'failed', detail: (error as Error).message };
  }
}

const removers: {
  readonly [K in Kind]: (resource: ResourceFact & { kind: K }, options: RemovalOptions) => Promise<Removal>;
} = {
  upload: removeUpload,
  task: removeTask,
  ami: removeImage,
  snapshot: removeSnapshot,
  object: removeObject,
};

function remove<K extends Kind>(
  resource: ResourceFact & { kind: K },
  options: RemovalOptions,
): Promise<Removal> {
  return removers[resource.kind](resource, options);
}
