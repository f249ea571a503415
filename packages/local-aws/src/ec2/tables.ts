import type { Store } from '../store/store.ts';
import { clientTokenTables } from './client-tokens.ts';
import { pendingCopyTables } from './copies/pending-copies.ts';
import { imageSnapshotTables } from './image-snapshots.ts';
import { taskQueueTables } from './import/task-queue.ts';
import { recycleBinTables } from './recycle-bin.ts';
import { regionSettingTables } from './region-settings.ts';
import { resourceTables } from './resource-tables.ts';
import { blockTables } from './snapshots/block-table.ts';

export function createEc2Tables(store: Store): void {
  store.migrate('ec2', [
    [...resourceTables, ...imageSnapshotTables, ...clientTokenTables, ...taskQueueTables].join(';'),
    ...blockTables,
    ...recycleBinTables,
    ...regionSettingTables,
    ...pendingCopyTables,
  ]);
}
