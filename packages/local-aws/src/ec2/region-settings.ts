import type { Conditions } from '../conditions/conditions.ts';
import { findKey, type KmsKey, managedKey } from '../kms/keys.ts';
import type { Store } from '../store/store.ts';

/** What an account has set for a region. */
export const regionSettingTables: readonly string[] = [
  `CREATE TABLE ec2_region_setting (
     account_id TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
     PRIMARY KEY (account_id, region, name)
   ) WITHOUT ROWID`,
];

export interface RegionSettings {
  readonly encryptionByDefault: 'true' | 'false';
  /** A key's ARN, or the alias of the one that AWS made. */
  readonly defaultKmsKey: string;
  readonly imageBlockPublicAccess: 'block-new-sharing' | 'unblocked';
  readonly snapshotBlockPublicAccess: 'block-all-sharing' | 'block-new-sharing' | 'unblocked';
}

export interface AccountRegion {
  readonly store: Store;
  readonly accountId: string;
  readonly region: string;
  readonly account: Conditions;
}

export const ebsAlias = 'alias/aws/ebs';

/**
 * Before anybody sets them: block-public-access for AMIs is on in new accounts
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-public-access-to-amis.html); the other two are what
 * careful organisations turn on everywhere.
 */
const safe: RegionSettings = {
  defaultKmsKey: ebsAlias,
  encryptionByDefault: 'true',
  imageBlockPublicAccess: 'block-new-sharing',
  snapshotBlockPublicAccess: 'block-all-sharing',
};
const open: RegionSettings = {
  defaultKmsKey: ebsAlias,
  encryptionByDefault: 'false',
  imageBlockPublicAccess: 'unblocked',
  snapshotBlockPublicAccess: 'unblocked',
};

export function regionSetting<Name extends keyof RegionSettings>(
  { store, accountId, region, account }: AccountRegion,
  name: Name,
): RegionSettings[Name] {
  const row = store.get<{ value: RegionSettings[Name] }>(
    'SELECT value FROM ec2_region_setting WHERE account_id = ? AND region = ? AND name = ?',
    [accountId, region, name],
  );
  return row?.value ?? (account.hasSafeguards ? safe : open)[name];
}

export function setRegionSetting<Name extends keyof RegionSettings>(
  { store, accountId, region }: AccountRegion,
  name: Name,
  value: RegionSettings[Name],
): void {
  store.run(
    'INSERT OR REPLACE INTO ec2_region_setting (account_id, region, name, value) VALUES (?, ?, ?, ?)',
    [accountId, region, name, value],
  );
}

export interface Encryption {
  readonly encrypted: boolean;
  readonly kmsKeyId?: string;
}

/**
 * What becomes of a snapshot that is made with these wishes: where encryption by default is on, it is encrypted whatever
 * was asked for. https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html
 */
export function encryptionFor(
  { encrypted = false, kmsKeyId }: Partial<Encryption>,
  place: AccountRegion,
): Encryption {
  const isEncrypted = encrypted || regionSetting(place, 'encryptionByDefault') === 'true';
  if (!isEncrypted) return { encrypted: false };
  return { encrypted: true, kmsKeyId: kmsKeyId ?? defaultKey(place).arn };
}

/** Of snapshots that name no key. */
function defaultKey(place: AccountRegion): KmsKey {
  return findKey(place.store, place, regionSetting(place, 'defaultKmsKey')) ?? managedKey(place);
}

/** The key of a snapshot that is made with these wishes; undefined where it is not encrypted, or the key is not there. */
export function keyFor(asked: Partial<Encryption>, place: AccountRegion): KmsKey | undefined {
  const { encrypted, kmsKeyId } = encryptionFor(asked, place);
  return encrypted && kmsKeyId !== undefined ? findKey(place.store, place, kmsKeyId) : undefined;
}
