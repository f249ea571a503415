import type { Explained } from '../../errors/explain.ts';
import type { StepName } from '../../outcome.ts';

/**
 * What would become of a step: `reuse`, what it would make exists; `make`, it would be made; `wait`, an earlier run has
 * begun it; `change`, what exists would be changed; `remove`, something would be deleted to make room; `revoke`, a
 * permission would be taken away.
 */
export const plannedActions = ['reuse', 'make', 'wait', 'change', 'remove', 'revoke'] as const;
export type PlannedAction = (typeof plannedActions)[number];

export interface PlannedStep {
  readonly step: StepName | 'verify';
  readonly action: PlannedAction;
  /** In words, for people: a clause without its verb's subject. */
  readonly what: string;
  /** To be transferred; undefined where none are, or nobody says how many. */
  readonly bytes?: number;
  /** That an earlier run has transferred, and this one does not; undefined where there are none. */
  readonly keptBytes?: number;
}

/** What `import` would do about one image: an entry of `images` in the document of `plan`. */
export interface ImagePlan {
  readonly name: string;
  readonly amiName: string | null;
  readonly region: string;
  readonly architecture: string;
  /** `nothing`: all is there; `todo`: something would be done; `blocked`: something stands in the way. */
  readonly outcome: 'nothing' | 'todo' | 'blocked';
  readonly imageId: string | null;
  readonly snapshotId: string | null;
  readonly source: { readonly url: string; readonly digest: string | null };
  readonly steps: readonly PlannedStep[];
  /** What stands in the way. */
  readonly error?: Explained;
}

export function isToDo({ action }: PlannedStep): boolean {
  return action !== 'reuse';
}
