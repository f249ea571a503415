import type { Store } from '../../store/store.ts';
import { forever } from '../resource-tables.ts';
import type { ResourceType } from '../resource-type.ts';

/** Of every account but this one, with the facts as they are. */
export function factsOfOtherAccounts<Facts>(
  store: Store,
  type: ResourceType,
  { region, accountId }: { readonly region: string; readonly accountId: string },
): readonly { readonly accountId: string; readonly createdAt: number; readonly facts: Facts }[] {
  return store
    .all<{ account_id: string; created_at: number; facts: string }>(
      `SELECT account_id, created_at, facts FROM ec2_resource
        WHERE type = ? AND region = ? AND account_id <> ? AND seen_until = ${forever}`,
      [type, region, accountId],
    )
    .map((row) => ({
      accountId: row.account_id,
      createdAt: row.created_at,
      facts: JSON.parse(row.facts) as Facts,
    }));
}
