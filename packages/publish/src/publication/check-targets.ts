import type { Image } from '@aws-sdk/client-ec2';
import { findConsistently, policies } from '@ec2-image/aws-call';
import { findNamesakes, isOwnCopy } from '../copy/find-namesakes.ts';
import { createEc2 } from '../ec2.ts';
import { PublishError } from '../errors.ts';
import { findAnnounced } from './find-announced.ts';
import { readObstacles } from './read-obstacles.ts';
import type { PublishTarget, RegionSession } from './target.ts';

/** An AMI that is not there yet. */
export interface FutureAmi {
  /** Of its import. */
  readonly region: string;
  readonly name: string;
  readonly isEncrypted: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Whether an AMI that is not there yet could be published as configured, in the regions that answer at once: before anything is made
 * for it. What its import deregisters is never seen again: whether parameters name that, has to be known.
 *
 * @throws PublishError of the first obstacle in a required region, which tells the others; what reading the parameters of the
 *   AMI that the import replaces ends with
 */
export async function checkTargets(targets: readonly PublishTarget[], ami: FutureAmi): Promise<void> {
  const opened = targets.map((target) => ({ target, session: target.open() }));
  const announced = opened.map(async ({ target, session }) => ({
    target,
    obstacles: target.replace ? await whyNotReplaced(ami, { target, session: await session }) : [],
  }));
  const others = opened.map(async ({ target, session }) => ({
    target,
    obstacles: await readObstacles(target, {
      session: await session,
      isSourceEncrypted: ami.isEncrypted,
    }),
  }));
  const isReplacing = ({ replace, region }: PublishTarget) => replace === true && region === ami.region;
  const known = await answered([...announced, ...others]);
  const decisive = await Promise.all(announced.filter((_, index) => isReplacing(targets[index]!)));
  refuse([
    ...decisive.map(({ obstacles }) => ({ target: { required: true }, obstacles })),
    ...known.filter((plan) => !decisive.includes(plan)),
  ]);
  ami.signal?.throwIfAborted();
}

async function whyNotReplaced(
  ami: FutureAmi,
  at: { readonly target: PublishTarget; readonly session: RegionSession },
): Promise<PublishError[]> {
  return findAnnounced(await findReplaced(ami, at), at);
}

/** What has its name, in the region of the import or as a copy from there. */
async function findReplaced(
  { region: sourceRegion, name }: FutureAmi,
  { target: { region }, session }: { readonly target: PublishTarget; readonly session: RegionSession },
): Promise<readonly Image[]> {
  const ec2 = createEc2(session.ec2);
  const found = await findConsistently(ec2, async () => {
    const { others } = await findNamesakes(ec2, {
      source: { region: sourceRegion, imageId: '', name },
      region,
    });
    const replaced = others.filter(
      (other) => region === sourceRegion || isOwnCopy(other, { sourceRegion, region }),
    );
    return replaced.length > 0 ? replaced : undefined;
  });
  return found ?? [];
}

/** Those that are there within a while; what fails is not among them. */
export async function answered<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const known: (T | undefined)[] = promises.map(() => undefined);
  const all = promises.map(async (promise, index) => {
    known[index] = await promise.catch(() => undefined);
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, policies.answeringRegions.limitMs);
  });
  await Promise.race([Promise.all(all), late]);
  clearTimeout(timer);
  return known.filter((one) => one !== undefined);
}

/** @throws PublishError */
export function refuse(
  plans: readonly {
    readonly target: Pick<PublishTarget, 'required'>;
    readonly obstacles: readonly PublishError[];
  }[],
): void {
  const obstacles = plans.filter(({ target }) => target.required).flatMap((plan) => plan.obstacles);
  const [first] = obstacles;
  if (!first) return;
  const { code, hint, facts } = first;
  throw new PublishError(code, obstacles.map(({ message }) => message).join('; '), { hint, facts });
}
