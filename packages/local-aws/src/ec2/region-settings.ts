import type { Conditions } from '../conditions/conditions.ts';
import { managedKey } from '../kms/keys.ts';
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
  readonly imageBlockPublicAccess: 'block-new-sharing' | 'unblocked';
  readonly snapshotBlockPublicAccess: 'block-all-sharing' | 'block-new-sharing' | 'unblocked';
}

export interface AccountRegion {
  readonly store: Store;
  readonly accountId: string;
  readonly region: string;
  readonly account: Conditions;
}

/**
 * Before anybody sets them: block-public-access for AMIs is on in new accounts
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-public-access-to-amis.html); the other two are what
 * careful organisations turn on everywhere.
 */
const safe: RegionSettings = {
  encryptionByDefault: 'true',
  imageBlockPublicAccess: 'block-new-sharing',
  snapshotBlockPublicAccess: 'block-all-sharing',
};
const open: RegionSettings = {
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
  return { encrypted: true, kmsKeyId: kmsKeyId ?? managedKey(place).arn };
}
