import { type DisabledMark, notedLaunchPermissions } from '@ec2-image/provenance';
import { readSharing } from './examine/images.ts';
import type { UsageReader } from './examine/usage.ts';
import { findUseByOthers } from './examine/use-by-others.ts';
import type { ImageFact, Kind, ResourceFact } from './facts.ts';
import { list } from './judge/image.ts';
import type { Plan, ResourceToChange } from './plan.ts';
import type { RetainedStream } from './policy.ts';
import { type Recheck, recheck } from './recheck.ts';
import type { RecheckOptions } from './recheck-options.ts';
import { streamNameOf } from './relations.ts';
import { deprecateImage } from './remove/deprecate-image.ts';
import { disableImage, enableImage } from './remove/disable-image.ts';
import { removeImage } from './remove/image.ts';
import { removeInstance } from './remove/instance.ts';
import { removeObject } from './remove/object.ts';
import type { Removal, RemovalOptions } from './remove/removal.ts';
import { markSnapshots } from './remove/retired-snapshots.ts';
import { removeSnapshot } from './remove/snapshot.ts';
import { removeTask } from './remove/task.ts';
import { removeUpload } from './remove/upload.ts';
import type { SweepOutcome } from './sweep-outcome.ts';

/** What the changes of one sweep share. */
export interface SweepRun {
  readonly plan: Plan;
  readonly recheck: Omit<RecheckOptions, 'deregistered' | 'usage'>;
  usage: UsageReader;
  readonly removal: RemovalOptions;
  readonly deregistered: ImageFact[];
  /** The refs of AMIs that this sweep disabled only in order to deregister them. */
  readonly disabled: Set<string>;
}

export type Outcome = Omit<SweepOutcome, 'resource'>;

/** Does with a resource what the plan says, if that is what a second check says too. */
export async function change(resource: ResourceToChange, run: SweepRun): Promise<Outcome> {
  const look = await check(resource, run);
  if (run.disabled.has(resource.ref) && (look.status === 'keep' || look.status === 'enable')) {
    await enableAgain(resource, run);
    return { outcome: 'skipped', detail: `${look.reason}; enabled again` };
  }
  if (look.status === 'gone') return { outcome: 'gone' };
  if (look.status === 'keep') return { outcome: 'skipped', detail: look.reason };
  if (look.status === 'unread') return { outcome: 'failed', detail: look.reason };
  if (look.status !== resource.verdict) return otherwise(resource, look);
  if (look.status === 'deprecate') return deprecateImage(look.fact, run.removal);
  if (look.status === 'disable') return disable(look.fact, { run, because: look.because });
  if (look.status === 'enable') return enableImage(look.fact, run.removal);
  return look.fact.kind === 'ami' ? deregister(look.fact, run) : remove(look.fact, run.removal);
}

async function deregister(image: ImageFact, run: SweepRun): Promise<Outcome> {
  const stream = streamOf(image, run);
  const use = stream ? await useByOthers(image, { run, stream }) : {};
  if (use.users) {
    const enabled = await enableImage(image, run.removal);
    return { ...enabled, detail: `used by ${use.users}` };
  }
  if (stream) await markSnapshots(image, run.removal);
  const removal = await remove(image, run.removal);
  run.deregistered.push({ ...image, state: 'deregistered' });
  return { ...removal, ...use };
}

async function disable(
  image: ImageFact,
  { run, because }: { readonly run: SweepRun; readonly because: DisabledMark['because'] },
): Promise<Outcome> {
  const stream = streamOf(image, run);
  if (!stream) return disableImage(image, { ...run.removal, because });
  const { users, ...unknown } = await useByOthers(image, { run, stream });
  if (users) return { outcome: 'skipped', detail: `used by ${users}` };
  const unshare = stream.sharedByConfiguration ? 'restorable' : 'noted';
  return { ...(await disableImage(image, { ...run.removal, because, unshare })), ...unknown };
}

function streamOf(image: ImageFact, { plan }: SweepRun): RetainedStream | undefined {
  return plan.policy.retain?.find(({ name }) => name === streamNameOf(image));
}

/** EC2 takes its time for a report: only AMIs that others can or could launch get one. */
async function useByOthers(
  image: ImageFact,
  { run, stream }: { readonly run: SweepRun; readonly stream: RetainedStream },
): Promise<{ readonly users?: string; readonly detail?: string }> {
  const { senders, account } = run.removal;
  const ec2 = senders.ec2(image.region);
  const wasShared =
    stream.sharedByConfiguration ||
    notedLaunchPermissions(image.tags).some((who) => who !== account) ||
    ((await readSharing({ ec2, image, account })) ?? []).length > 0;
  if (!wasShared) return {};
  const users = await findUseByOthers(ec2, image, account);
  if (!users) return { detail: 'use by other accounts is unknown: this endpoint has no usage reports' };
  return users.length > 0 ? { users: list(users) } : {};
}

/**
 * With `--now`, before its use is looked for the last time: an AMI that is healthy is disabled, so that nobody launches
 * from it meanwhile. Undefined: it is its turn to be deregistered, or there is nothing to disable.
 */
export async function disableFirst(resource: ResourceToChange, run: SweepRun): Promise<Outcome | undefined> {
  if (resource.verdict !== 'delete') return undefined;
  const look = await check(resource, run);
  if (look.status !== 'delete' || look.fact.kind !== 'ami' || look.fact.state !== 'available')
    return undefined;
  const { amis } = run.plan.policy;
  const because = amis.includes(look.fact.imageId) ? 'named' : 'superseded';
  const { outcome, ...rest } = await disableImage(look.fact, { ...run.removal, because });
  if (outcome !== 'disabled') return { outcome, ...rest };
  run.disabled.add(resource.ref);
  return undefined;
}

async function enableAgain({ region, id }: ResourceToChange, { removal }: SweepRun): Promise<void> {
  await enableImage({ region, imageId: id }, removal);
}

function check(
  resource: ResourceToChange,
  { recheck: options, usage, deregistered }: SweepRun,
): Promise<Recheck> {
  return recheck(resource, { ...options, usage, deregistered: [...deregistered] });
}

/** A second check that says something else than the plan: only the same is done, or nothing. */
function otherwise({ verdict }: ResourceToChange, { status }: Recheck): Outcome {
  if (verdict === 'disable' && status === 'delete') {
    return { outcome: 'disabled', detail: 'another run disabled it' };
  }
  return { outcome: 'skipped', detail: `changed since the plan, which says "${verdict}", not "${status}"` };
}

const removers: {
  readonly [K in Kind]: (resource: ResourceFact & { kind: K }, options: RemovalOptions) => Promise<Removal>;
} = {
  instance: removeInstance,
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
