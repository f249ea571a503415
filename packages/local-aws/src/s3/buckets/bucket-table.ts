import type { Store } from '../../store/store.ts';

export interface Bucket {
  readonly name: string;
  readonly region: string;
  /** An account id. */
  readonly owner: string;
  readonly created_at: number;
  /** Null until it is set for the first time. */
  readonly versioning: 'Enabled' | 'Suspended' | null;
  /** As it was put. */
  readonly policy: string | null;
  /** Of objects that ask for none: an `Encryption` as JSON; null until it is set. */
  readonly encryption: string | null;
  /** As it was put: an XML document. */
  readonly lifecycle: string | null;
}

export function findBucket(store: Store, name: string): Bucket | undefined {
  return store.get<Bucket>('SELECT * FROM s3_bucket WHERE name = ?', [name]);
}

/** False if the name is taken, by whomever. */
export function insertBucket(
  store: Store,
  { name, region, owner, created_at }: Pick<Bucket, 'name' | 'region' | 'owner' | 'created_at'>,
) {
  return (
    store.run(
      'INSERT INTO s3_bucket (name, region, owner, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
      [name, region, owner, created_at],
    ) === 1
  );
}

export function setVersioning(store: Store, name: string, status: 'Enabled' | 'Suspended'): void {
  store.run('UPDATE s3_bucket SET versioning = ? WHERE name = ?', [status, name]);
}

/** Null takes it away. */
export function setSetting(
  store: Store,
  name: string,
  setting: { readonly [K in 'policy' | 'encryption' | 'lifecycle']?: string | null },
): void {
  for (const [column, value] of Object.entries(setting)) {
    store.run(`UPDATE s3_bucket SET ${column} = ? WHERE name = ?`, [value ?? null, name]);
  }
}

/** Of one owner, in the order of their names, from after a name on. */
export function listBuckets(
  store: Store,
  { owner, after, prefix, region, limit }: ListBucketsQuery,
): Bucket[] {
  return store.all<Bucket>(
    `SELECT * FROM s3_bucket
     WHERE owner = :owner AND name > :after AND substr(name, 1, length(:prefix)) = :prefix
       AND (:region IS NULL OR region = :region)
     ORDER BY name LIMIT :limit`,
    { owner, after, prefix, region: region ?? null, limit },
  );
}

export interface ListBucketsQuery {
  readonly owner: string;
  readonly after: string;
  readonly prefix: string;
  readonly region?: string;
  readonly limit: number;
}
