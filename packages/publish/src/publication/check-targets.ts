import { policies } from '@ec2-image/aws-call';
import { PublishError } from '../errors.ts';
import { readObstacles } from './read-obstacles.ts';
import type { PublishTarget } from './target.ts';

/**
 * Whether an AMI that is not there yet could be shared as configured, in the regions that answer at once: before anything is made
 * for it.
 *
 * @throws PublishError of the first obstacle in a required region, which tells the others
 */
export async function checkTargets(
  targets: readonly PublishTarget[],
  { isEncrypted, signal }: { readonly isEncrypted: boolean; readonly signal?: AbortSignal },
): Promise<void> {
  const checked = targets.map(async (target) => {
    const session = await target.open();
    return { target, obstacles: await readObstacles(target, { session, isSourceEncrypted: isEncrypted }) };
  });
  refuse(await answered(checked));
  signal?.throwIfAborted();
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
