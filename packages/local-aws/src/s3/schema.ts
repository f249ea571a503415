import type { Store } from '../store/store.ts';

/**
 * `s3_object.id` grows with time and orders a key's versions. What is current has a row of its own index, so that a list
 * of a bucket with many old versions reads none of them. Keys compare as UTF-8 bytes, which is S3's order of lists.
 *
 * An object's content is its parts' files, one after the other: completion of an upload moves rows and copies nothing.
 */
const steps = [
  `
  CREATE TABLE s3_bucket (
    name TEXT PRIMARY KEY,
    region TEXT NOT NULL,
    owner TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    versioning TEXT
  ) WITHOUT ROWID;

  CREATE TABLE s3_object (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    bucket TEXT NOT NULL,
    key TEXT NOT NULL,
    version_id TEXT NOT NULL,
    latest INTEGER NOT NULL,
    delete_marker INTEGER NOT NULL DEFAULT 0,
    modified_at INTEGER NOT NULL,
    size INTEGER NOT NULL DEFAULT 0,
    etag TEXT NOT NULL DEFAULT '',
    parts_count INTEGER,
    checksum_algorithm TEXT,
    checksum_type TEXT,
    checksum TEXT,
    attributes TEXT NOT NULL DEFAULT '{}'
  );
  CREATE UNIQUE INDEX s3_object_by_version ON s3_object (bucket, key, version_id);
  CREATE INDEX s3_object_by_age ON s3_object (bucket, key, id DESC);
  CREATE UNIQUE INDEX s3_object_latest ON s3_object (bucket, key) WHERE latest = 1;

  CREATE TABLE s3_object_part (
    object_id INTEGER NOT NULL,
    part_number INTEGER NOT NULL,
    blob TEXT,
    size INTEGER NOT NULL,
    checksum TEXT,
    PRIMARY KEY (object_id, part_number)
  ) WITHOUT ROWID;

  CREATE TABLE s3_upload (
    id TEXT PRIMARY KEY,
    bucket TEXT NOT NULL,
    key TEXT NOT NULL,
    initiator TEXT NOT NULL,
    initiated_at INTEGER NOT NULL,
    checksum_algorithm TEXT,
    checksum_type TEXT,
    attributes TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX s3_upload_by_key ON s3_upload (bucket, key, id);

  CREATE TABLE s3_upload_part (
    upload_id TEXT NOT NULL,
    part_number INTEGER NOT NULL,
    blob TEXT,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    checksum TEXT,
    modified_at INTEGER NOT NULL,
    PRIMARY KEY (upload_id, part_number)
  ) WITHOUT ROWID;
  `,
  'ALTER TABLE s3_bucket ADD COLUMN policy TEXT',
  `ALTER TABLE s3_bucket ADD COLUMN encryption TEXT;
   ALTER TABLE s3_bucket ADD COLUMN lifecycle TEXT`,
  "ALTER TABLE s3_upload ADD COLUMN encryption_headers TEXT NOT NULL DEFAULT '{}'",
];

export function createTables(store: Store): void {
  store.migrate('s3', steps);
}
