/** `seen_until` of a row that is not deleted. */
export const forever = 9_000_000_000_000_000;

/**
 * A row is seen by describe calls from `seen_from` until `seen_until`; whatever decides something goes by the rows
 * that are not deleted, seen or not. Without a fault the two are the same.
 */
export const resourceTables: readonly string[] = [
  `CREATE TABLE ec2_resource (
     id TEXT PRIMARY KEY, type TEXT NOT NULL, account_id TEXT NOT NULL, region TEXT NOT NULL, name TEXT,
     created_at INTEGER NOT NULL, facts TEXT NOT NULL, seen_from INTEGER NOT NULL, seen_until INTEGER NOT NULL
   ) WITHOUT ROWID;
   CREATE INDEX ec2_resource_by_place ON ec2_resource (type, account_id, region, id);
   CREATE UNIQUE INDEX ec2_resource_by_name ON ec2_resource (type, account_id, region, name)
     WHERE name IS NOT NULL AND seen_until = ${forever};
   CREATE INDEX ec2_resource_gone ON ec2_resource (seen_until) WHERE seen_until < ${forever};
   CREATE TABLE ec2_tag (
     resource_id TEXT NOT NULL REFERENCES ec2_resource (id) ON DELETE CASCADE,
     key TEXT NOT NULL, value TEXT NOT NULL,
     seen_from INTEGER NOT NULL, seen_until INTEGER NOT NULL,
     PRIMARY KEY (resource_id, key, seen_from)
   ) WITHOUT ROWID;
   CREATE INDEX ec2_tag_by_key ON ec2_tag (key, value, resource_id)`,
];
