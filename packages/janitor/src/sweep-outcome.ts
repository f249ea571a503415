import type { ResourceToDelete } from './plan.ts';
import type { NamedResource } from './saved-plan.ts';

export interface SweepOutcome {
  readonly resource: NamedResource & Partial<Pick<ResourceToDelete, 'sizeBytes' | 'sizeIsUpperBound'>>;
  /**
   * `deleted`, `deprecated`, `disabled`, `enabled`: a read confirmed it. `gone`: somebody else had been faster. `skipped`: checked
   * again, and kept. `failed`: still there, or not known.
   */
  readonly outcome: 'deleted' | 'deprecated' | 'disabled' | 'enabled' | 'gone' | 'skipped' | 'failed';
  readonly detail?: string;
}
