/**
 * What a run can leave in the account: `versions` and `wrong`, what it found to be another disk and could not delete, though all
 * went well; the others before its AMI stands.
 */
export type LeftoverKind =
  | 'upload'
  | 'object'
  | 'versions'
  | 'task'
  | 'pending'
  | 'snapshot'
  | 'ami'
  | 'instance'
  | 'wrong';

/** Kept while the run lasts, and told where it ends early. Of each kind there is one at most. */
export interface Leftovers {
  /** In words; undefined where it is gone, or has become something else. */
  set(kind: LeftoverKind, what: string | undefined): void;
  /** In the order in which a run makes them. */
  list(): string[];
  /** What stays behind a run that has done all it was asked. */
  afterSuccess(): string[];
}

/** The next step for one that stays behind a success, as a sentence. */
export function nextStepFor(left: string): string {
  return left.startsWith('snapshot ')
    ? 'Deregister what is made of it, then delete it.'
    : 'Allow that, and ec2-image janitor deletes them when they are a day old.';
}

const order: readonly LeftoverKind[] = [
  ...(['upload', 'object', 'versions', 'task', 'pending', 'snapshot', 'ami', 'instance', 'wrong'] as const),
];

export function createLeftovers(): Leftovers {
  const kept = new Map<LeftoverKind, string>();
  return {
    set(kind, what) {
      if (what === undefined) kept.delete(kind);
      else kept.set(kind, what);
    },
    list: () => order.flatMap((kind) => kept.get(kind) ?? []),
    afterSuccess: () => (['versions', 'wrong'] as const).flatMap((kind) => kept.get(kind) ?? []),
  };
}
