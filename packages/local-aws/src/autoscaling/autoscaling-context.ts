import type { CallConditions } from '../conditions/conditions.ts';
import { operationFor } from '../query/operation.ts';
import type { Store } from '../store/store.ts';

export interface AutoScalingContext {
  readonly accountId: string;
  readonly region: string;
  readonly store: Store;
  readonly now: () => number;
  readonly conditions: Pick<CallConditions, 'pageSize'>;
}

export const operation = operationFor<AutoScalingContext>();
