import type { Store } from '../store/store.ts';
import type { ResourceType } from './resource-type.ts';
import type { Tag } from './resources.ts';

export type RecyclableType = Extract<ResourceType, 'image' | 'snapshot'>;

/**
 * What was deleted while a retention rule matched it: its row stays, deleted, until it is restored or its time is over.
 * https://docs.aws.amazon.com/ebs/latest/userguide/recycle-bin.html
 */
export const recycleBinTables: readonly string[] = [
  `CREATE TABLE ec2_retention_rule (
     id TEXT PRIMARY KEY, account_id TEXT NOT NULL, region TEXT NOT NULL, type TEXT NOT NULL,
     days INTEGER NOT NULL, tags TEXT NOT NULL
   ) WITHOUT ROWID;
   CREATE TABLE ec2_recycle_bin (
     id TEXT PRIMARY KEY REFERENCES ec2_resource (id) ON DELETE CASCADE,
     entered_at INTEGER NOT NULL, exits_at INTEGER NOT NULL
   ) WITHOUT ROWID`,
];

export interface RetentionRule {
  readonly type: RecyclableType;
  readonly days: number;
  /** A resource with any of these tags is retained; without any, every resource is. No value: whatever theirs is. */
  readonly tags: readonly { readonly key: string; readonly value?: string }[];
}

export interface Place {
  readonly accountId: string;
  readonly region: string;
}

export function insertRule(
  store: Store,
  id: string,
  { accountId, region }: Place,
  rule: RetentionRule,
): void {
  store.run(
    'INSERT INTO ec2_retention_rule (id, account_id, region, type, days, tags) VALUES (?, ?, ?, ?, ?, ?)',
    [id, accountId, region, rule.type, rule.days, JSON.stringify(rule.tags)],
  );
}

const dayMs = 24 * 60 * 60 * 1000;

/** Of several rules that match, the longest holds. */
export function retentionMs(
  store: Store,
  { accountId, region }: Place,
  { type, tags }: { readonly type: RecyclableType; readonly tags: readonly Tag[] },
): number | undefined {
  const rules = store.all<{ days: number; tags: string }>(
    'SELECT days, tags FROM ec2_retention_rule WHERE account_id = ? AND region = ? AND type = ?',
    [accountId, region, type],
  );
  const days = rules.flatMap((rule) => {
    const wanted = JSON.parse(rule.tags) as RetentionRule['tags'];
    const matches =
      wanted.length === 0 ||
      wanted.some(({ key, value }) =>
        tags.some((tag) => tag.key === key && (value === undefined || tag.value === value)),
      );
    return matches ? [rule.days] : [];
  });
  return days.length === 0 ? undefined : Math.max(...days) * dayMs;
}

/** Within a transaction, after the resource was removed. */
export function recycle(store: Store, id: string, { from, forMs }: { from: number; forMs: number }): void {
  store.run('INSERT OR REPLACE INTO ec2_recycle_bin (id, entered_at, exits_at) VALUES (?, ?, ?)', [
    id,
    from,
    from + forMs,
  ]);
}

export function isRecycled(store: Store, id: string, now: number): boolean {
  return store.get('SELECT 1 FROM ec2_recycle_bin WHERE id = ? AND exits_at > ?', [id, now]) !== undefined;
}

export function leaveBin(store: Store, id: string): void {
  store.run('DELETE FROM ec2_recycle_bin WHERE id = ?', [id]);
}

export interface Recycled {
  readonly id: string;
  readonly facts: string;
  readonly enteredAt: number;
  readonly exitsAt: number;
}

export function listRecycled(
  store: Store,
  type: RecyclableType,
  { accountId, region, now }: Place & { readonly now: number },
): Recycled[] {
  return store.all<Recycled>(
    `SELECT r.id, r.facts, b.entered_at AS enteredAt, b.exits_at AS exitsAt
       FROM ec2_recycle_bin b JOIN ec2_resource r ON r.id = b.id
      WHERE r.type = ? AND r.account_id = ? AND r.region = ? AND b.exits_at > ? ORDER BY r.id`,
    [type, accountId, region, now],
  );
}
