import { blockTables } from '../ebs/block-table.ts';
import type { Store } from '../store/store.ts';
import { clientTokenTables } from './client-tokens.ts';
import { imageSnapshotTables } from './images/image-snapshots.ts';
import { taskQueueTables } from './import/task-queue.ts';
import { resourceTables } from './resources.ts';

export function createEc2Tables(store: Store): void {
  store.migrate('ec2', [
    [...resourceTables, ...imageSnapshotTables, ...clientTokenTables, ...taskQueueTables].join(';'),
    ...blockTables,
  ]);
}
