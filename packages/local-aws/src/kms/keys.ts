import { createHash, randomUUID } from 'node:crypto';
import { partitionOf } from '../iam/authorization/requirement.ts';
import type { Store } from '../store/store.ts';
import { defaultPolicy, type KeyPlace, managedPolicy } from './key-policies.ts';

export type { KeyPlace } from './key-policies.ts';

export type KeyState = 'Enabled' | 'Disabled' | 'PendingDeletion';

export interface KmsKey {
  readonly keyId: string;
  readonly arn: string;
  readonly state: KeyState;
  /** `SYMMETRIC_DEFAULT` is what volumes are encrypted with. */
  readonly spec: string;
  readonly usage: string;
  /** AWS made it for a service. */
  readonly isManaged: boolean;
  readonly description: string;
  /** `alias/images` */
  readonly aliases: readonly string[];
  /** As it was put. */
  readonly policy: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export const keyTables: readonly string[] = [
  `CREATE TABLE kms_key (
     account_id TEXT NOT NULL, region TEXT NOT NULL, key_id TEXT NOT NULL, state TEXT NOT NULL, spec TEXT NOT NULL,
     usage TEXT NOT NULL, description TEXT NOT NULL, created_at INTEGER NOT NULL,
     PRIMARY KEY (account_id, region, key_id)
   ) WITHOUT ROWID`,
  `CREATE TABLE kms_alias (
     account_id TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, key_id TEXT NOT NULL,
     PRIMARY KEY (account_id, region, name)
   ) WITHOUT ROWID`,
  'ALTER TABLE kms_key ADD COLUMN policy TEXT',
];

export function insertKey(
  store: Store,
  { accountId, region }: KeyPlace,
  {
    spec,
    usage,
    description,
    createdAt,
    policy,
  }: Pick<KmsKey, 'spec' | 'usage' | 'description' | 'createdAt'> & { readonly policy: string | undefined },
): KmsKey {
  const keyId = randomUUID();
  store.run(
    `INSERT INTO kms_key (account_id, region, key_id, state, spec, usage, description, created_at, policy)
     VALUES (?, ?, ?, 'Enabled', ?, ?, ?, ?, ?)`,
    [accountId, region, keyId, spec, usage, description, createdAt, policy ?? null],
  );
  return findKey(store, { accountId, region }, keyId)!;
}

export function setKeyState(
  store: Store,
  { accountId, region }: KeyPlace,
  { keyId, state }: Pick<KmsKey, 'keyId' | 'state'>,
): void {
  store.run('UPDATE kms_key SET state = ? WHERE account_id = ? AND region = ? AND key_id = ?', [
    state,
    accountId,
    region,
    keyId,
  ]);
}

export function setKeyPolicy(
  store: Store,
  { accountId, region }: KeyPlace,
  { keyId, policy }: Pick<KmsKey, 'keyId' | 'policy'>,
): void {
  store.run('UPDATE kms_key SET policy = ? WHERE account_id = ? AND region = ? AND key_id = ?', [
    policy,
    accountId,
    region,
    keyId,
  ]);
}

/** False where the account has an alias of this name. */
export function insertAlias(
  store: Store,
  { accountId, region }: KeyPlace,
  { name, keyId }: { readonly name: string; readonly keyId: string },
): boolean {
  const added = store.run(
    'INSERT OR IGNORE INTO kms_alias (account_id, region, name, key_id) VALUES (?, ?, ?, ?)',
    [accountId, region, name, keyId],
  );
  return added === 1;
}

/** By key id, `alias/…`, or the ARN of either; a key of another region is not found, one of another account is. */
export function findKey(store: Store, place: KeyPlace, given: string): KmsKey | undefined {
  const arn = /^arn:[a-z-]+:kms:([a-z0-9-]+):(\d{12}):(?:key\/)?(.+)$/.exec(given);
  if (arn && arn[1] !== place.region) return undefined;
  const owner = arn ? { region: place.region, accountId: arn[2]! } : place;
  const name = arn?.[3] ?? given;
  for (const service of managedFor) {
    const managed = managedKey(owner, service);
    if (name === `alias/aws/${service}` || name === managed.keyId) return managed;
  }
  return findByKeyId(store, owner, name.startsWith('alias/') ? keyOfAlias(store, owner, name) : name);
}

/** AWS makes a key for each of them in each region. */
const managedFor = ['ebs', 's3'] as const;

function keyOfAlias(store: Store, { accountId, region }: KeyPlace, name: string): string | undefined {
  return store.get<{ keyId: string }>(
    'SELECT key_id AS keyId FROM kms_alias WHERE account_id = ? AND region = ? AND name = ?',
    [accountId, region, name],
  )?.keyId;
}

function aliasesOf(store: Store, { accountId, region }: KeyPlace, keyId: string): string[] {
  return store
    .all<{ name: string }>(
      'SELECT name FROM kms_alias WHERE account_id = ? AND region = ? AND key_id = ? ORDER BY name',
      [accountId, region, keyId],
    )
    .map(({ name }) => name);
}

function findByKeyId(store: Store, place: KeyPlace, keyId: string | undefined): KmsKey | undefined {
  if (keyId === undefined) return undefined;
  const row = store.get<
    Omit<KmsKey, 'arn' | 'isManaged' | 'policy' | 'aliases'> & { readonly policy: string | null }
  >(
    `SELECT key_id AS keyId, state, spec, usage, description, created_at AS createdAt, policy
       FROM kms_key WHERE account_id = ? AND region = ? AND key_id = ?`,
    [place.accountId, place.region, keyId],
  );
  return (
    row && {
      ...row,
      policy: row.policy ?? defaultPolicy(place),
      aliases: aliasesOf(store, place, keyId),
      arn: keyArn(place, keyId),
      isManaged: false,
    }
  );
}

export function managedKey(place: KeyPlace, service: (typeof managedFor)[number] = 'ebs'): KmsKey {
  const digest = createHash('sha256')
    .update(`${place.accountId} ${place.region} aws/${service}`)
    .digest('hex');
  const parts = [digest.slice(0, 8), digest.slice(8, 12), digest.slice(12, 16), digest.slice(16, 20)];
  const keyId = `${parts.join('-')}-${digest.slice(20, 32)}`;
  return {
    keyId,
    arn: keyArn(place, keyId),
    state: 'Enabled',
    spec: 'SYMMETRIC_DEFAULT',
    usage: 'ENCRYPT_DECRYPT',
    isManaged: true,
    description:
      service === 'ebs'
        ? 'Default key that protects my EBS volumes when no other key is defined'
        : 'Default key that protects my S3 objects when no other key is defined',
    aliases: [`alias/aws/${service}`],
    policy: managedPolicy(place, service),
    createdAt: 0,
  };
}

function keyArn({ accountId, region }: KeyPlace, keyId: string): string {
  return `arn:${partitionOf(region)}:kms:${region}:${accountId}:key/${keyId}`;
}

/** Why no volume can be encrypted with the key, in AWS's manner; undefined where one can. */
export function whyUnusable({ arn, state, spec, usage }: KmsKey): string | undefined {
  if (state === 'Disabled') return `${arn} is disabled.`;
  if (state === 'PendingDeletion') return `${arn} is pending deletion.`;
  return spec === 'SYMMETRIC_DEFAULT' && usage === 'ENCRYPT_DECRYPT'
    ? undefined
    : `${arn} is not a symmetric encryption key.`;
}
