import type { QueryOperation } from '../../query/operation.ts';
import type { ImageFacts } from '../images/image.ts';
import type { Ec2Context } from '../operation.ts';
import { openResources, type Resources } from '../resources.ts';
import { type SnapshotFacts, snapshotState } from '../snapshots/snapshot.ts';

/** Copies whose end is counted in reads of their region's AMIs and snapshots. */
export const pendingCopyTables: readonly string[] = [
  `CREATE TABLE ec2_pending_copy (
     resource_id TEXT NOT NULL PRIMARY KEY, account_id TEXT NOT NULL, region TEXT NOT NULL, reads INTEGER NOT NULL
   ) WITHOUT ROWID`,
];

type Place = Pick<Ec2Context, 'store' | 'accountId' | 'region' | 'settings' | 'now'>;

/** From now on the copy is under way: until its time has passed, or in adverse conditions some reads have been made. */
export function beginCopy(id: string, context: Ec2Context): void {
  const { store, accountId, region, conditions, account, faults, call } = context;
  if (faults.take('copy-stalls', call)) return;
  const reads = conditions.lag && (account.ofTask(id).lag?.reads ?? 0);
  if (!reads) {
    endCopy(id, context);
    return;
  }
  store.run('INSERT INTO ec2_pending_copy (resource_id, account_id, region, reads) VALUES (?, ?, ?, ?)', [
    id,
    accountId,
    region,
    reads,
  ]);
}

/** A call that shows AMIs or snapshots: the copies of its region get on by it. Whoever only watches meets no lag, and counts as nobody. */
export function countedRead(operation: QueryOperation<Ec2Context>): QueryOperation<Ec2Context> {
  return {
    ...operation,
    run(input, context) {
      noteRead(context);
      return operation.run(input, context);
    },
  };
}

function noteRead(context: Place & Pick<Ec2Context, 'conditions'>): void {
  const { store, accountId, region, conditions } = context;
  if (!conditions.lag) return;
  store.transaction(() => {
    const inPlace = 'account_id = ? AND region = ?';
    const place = [accountId, region];
    if (store.run(`UPDATE ec2_pending_copy SET reads = reads - 1 WHERE ${inPlace}`, place) === 0) return;
    const ended = store.all<{ id: string }>(
      `DELETE FROM ec2_pending_copy WHERE ${inPlace} AND reads < 0 RETURNING resource_id AS id`,
      place,
    );
    for (const { id } of ended) endCopy(id, context);
  });
}

function endCopy(id: string, { store, accountId, region, settings, now }: Place): void {
  const resources = openResources({ store, accountId, region, now });
  const at = now() + settings.copyMs;
  const image = resources.find<ImageFacts>('image', id);
  if (image) {
    resources.setFacts<ImageFacts>(id, { ...image.facts, settlesAt: at + settings.imageCreationMs });
  }
  const snapshots = image ? image.facts.blockDevices.flatMap(({ ebs }) => ebs?.snapshotId ?? []) : [id];
  for (const snapshotId of new Set(snapshots)) endSnapshot(snapshotId, resources, at);
}

function endSnapshot(id: string, resources: Resources, at: number): void {
  const snapshot = resources.find<SnapshotFacts>('snapshot', id);
  if (snapshot) resources.setFacts<SnapshotFacts>(id, { ...snapshot.facts, settlesAt: at });
}

/** Those that arrive in the region, of AMIs and of snapshots alike. */
export function countSnapshotCopies({ store, accountId, region, now }: Place): number {
  const resources = openResources({ store, accountId, region, now });
  const copies = store.all<{ id: string }>(
    `SELECT id FROM ec2_resource WHERE type = 'snapshot' AND account_id = ? AND region = ?
        AND json_extract(facts, '$.isCopy') AND seen_until > ?`,
    [accountId, region, now()],
  );
  return copies.filter(({ id }) => {
    const snapshot = resources.find<SnapshotFacts>('snapshot', id);
    return snapshot && snapshotState(snapshot.facts, now()) === 'pending';
  }).length;
}
