import type { Facts, Gap } from '../facts.ts';
import type { Policy } from '../policy.ts';
import { type Relations, relationsOf } from '../relations.ts';
import { type Keep, keep } from './keep.ts';

/** What a judge looks resources up in. */
export interface Context extends Relations {
  readonly facts: Facts;
  readonly policy: Policy;
  readonly now: number;
}

export function contextOf(facts: Facts, policy: Policy): Context {
  return { ...relationsOf(facts), facts, policy, now: facts.takenAt };
}

/** The first of `whats` that could not be read where the resource lives. */
export function unread(
  { facts }: Context,
  { region, bucket }: { readonly region: string; readonly bucket?: string },
  whats: readonly Gap['what'][],
): Keep | undefined {
  const gap = facts.gaps.find(
    (candidate) =>
      candidate.ref === undefined &&
      whats.includes(candidate.what) &&
      (candidate.bucket === undefined || candidate.bucket === bucket) &&
      (candidate.region === undefined || candidate.region === region),
  );
  return gap && keep('unread', `the ${gap.what} of ${gap.bucket ?? gap.region} could not be read in full`);
}
