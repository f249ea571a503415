import type { Conditions } from '../../conditions/conditions.ts';
import { isBelow } from '../is-below.ts';
import type { Resources } from '../resources.ts';
import { type SnapshotFacts, snapshotState } from './snapshot.ts';

interface Counted {
  readonly resources: Resources;
  readonly account: Conditions;
}

/** Whether the account may have another, however it is made. */
export function hasRoomForSnapshot({ resources, account: { quotas } }: Counted): boolean {
  return resources.count('snapshot') < quotas.snapshots;
}

/** Whether EBS direct may begin another. */
export function hasRoomForPending({
  resources,
  account: { quotas },
  now,
}: Counted & { readonly now: () => number }): boolean {
  const at = now();
  const snapshots = resources.scan<SnapshotFacts>('snapshot');
  return isBelow(quotas.pendingSnapshots, snapshots, ({ facts }) => snapshotState(facts, at) === 'pending');
}
