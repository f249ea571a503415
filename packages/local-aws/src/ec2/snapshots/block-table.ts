import type { Store } from '../../store/store.ts';

/** Which blocks of a snapshot hold data, and what was said of those that were put. */
export const blockTables: readonly string[] = [
  `CREATE TABLE ebs_block (
     snapshot_id TEXT NOT NULL REFERENCES ec2_resource (id) ON DELETE CASCADE,
     block_index INTEGER NOT NULL,
     checksum BLOB,
     inherited INTEGER NOT NULL DEFAULT 0,
     PRIMARY KEY (snapshot_id, block_index)
   ) WITHOUT ROWID`,
];

/** A block that was put, with the SHA-256 of its data. */
export function putBlock(store: Store, snapshotId: string, index: number, checksum: Buffer): void {
  store.run(
    'INSERT OR REPLACE INTO ebs_block (snapshot_id, block_index, checksum, inherited) VALUES (?, ?, ?, 0)',
    [snapshotId, index, checksum],
  );
}

/** Blocks that came otherwise: from an import, which nobody told checksums of. */
export function addBlocks(store: Store, snapshotId: string, indexes: Iterable<number>): number {
  let added = 0;
  for (const index of indexes) {
    store.run('INSERT OR REPLACE INTO ebs_block (snapshot_id, block_index) VALUES (?, ?)', [
      snapshotId,
      index,
    ]);
    added += 1;
  }
  return added;
}

/** A new snapshot has its parent's blocks until others are put in their place. */
export function inheritBlocks(store: Store, snapshotId: string, parentId: string): void {
  store.run(
    `INSERT INTO ebs_block (snapshot_id, block_index, checksum, inherited)
     SELECT ?, block_index, checksum, 1 FROM ebs_block WHERE snapshot_id = ?`,
    [snapshotId, parentId],
  );
}

export function hasBlock(store: Store, snapshotId: string, index: number): boolean {
  return (
    store.get('SELECT 1 FROM ebs_block WHERE snapshot_id = ? AND block_index = ?', [snapshotId, index]) !==
    undefined
  );
}

export function countBlocks(store: Store, snapshotId: string): number {
  return store.get<{ count: number }>('SELECT count(*) AS count FROM ebs_block WHERE snapshot_id = ?', [
    snapshotId,
  ])!.count;
}

export interface BlockRange {
  /** The first index that may be among them. */
  readonly from: number;
  readonly limit: number;
}

export function listBlocks(store: Store, snapshotId: string, { from, limit }: BlockRange): number[] {
  return store
    .all<{ index: number }>(
      `SELECT block_index AS "index" FROM ebs_block WHERE snapshot_id = ? AND block_index >= ?
        ORDER BY block_index LIMIT ?`,
      [snapshotId, from, limit],
    )
    .map(({ index }) => index);
}

/** Those put into any of the snapshots, not inherited. */
export function listPutBlocks(
  store: Store,
  snapshotIds: readonly string[],
  { from, limit }: BlockRange,
): number[] {
  return store
    .all<{ index: number }>(
      `SELECT DISTINCT block_index AS "index" FROM ebs_block
        WHERE snapshot_id IN (SELECT value FROM json_each(?)) AND inherited = 0 AND block_index >= ?
        ORDER BY block_index LIMIT ?`,
      [JSON.stringify(snapshotIds), from, limit],
    )
    .map(({ index }) => index);
}

/** Of the blocks put, in the order of their indexes, piece by piece. */
export function* putChecksums(store: Store, snapshotId: string): Generator<Uint8Array> {
  const rowsAtOnce = 10_000;
  for (let from = 0; ; ) {
    const rows = store.all<{ index: number; checksum: Uint8Array }>(
      `SELECT block_index AS "index", checksum FROM ebs_block
        WHERE snapshot_id = ? AND inherited = 0 AND block_index >= ? ORDER BY block_index LIMIT ${rowsAtOnce}`,
      [snapshotId, from],
    );
    for (const { checksum } of rows) yield checksum;
    if (rows.length < rowsAtOnce) return;
    from = rows.at(-1)!.index + 1;
  }
}

/** A copy has the blocks of its source as its own. */
export function copyBlocks(store: Store, snapshotId: string, sourceId: string): void {
  store.run(
    `INSERT INTO ebs_block (snapshot_id, block_index, checksum, inherited)
     SELECT ?, block_index, checksum, 0 FROM ebs_block WHERE snapshot_id = ?`,
    [snapshotId, sourceId],
  );
}
