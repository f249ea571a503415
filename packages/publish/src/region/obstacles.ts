import { type Audience, everybody } from '../audience.ts';
import { PublishError } from '../errors.ts';
import type { RegionSettings } from './region-settings.ts';
import { isShared } from './region-settings.ts';

export interface Sharable {
  readonly region: string;
  readonly audience: Audience | undefined;
  readonly settings: RegionSettings;
  /** Of the AMI, as it is there or would be copied. */
  readonly encrypted: boolean;
  /** Its key is AWS's own, which nobody else can be given. */
  readonly hasAwsKey: boolean;
  /** Who may launch it already. */
  readonly grantees: readonly string[];
  /** How many become public before it. Default 0. */
  readonly publicAmisToCome?: number | undefined;
  /** How many public AMIs the account may have there; undefined where that is not known. */
  readonly publicAmiLimit?: number;
}

/** Everything for which EC2 would refuse to share the AMI as configured; all of it is known before anything is changed. */
export function findObstacles({
  region,
  audience,
  settings,
  encrypted,
  hasAwsKey,
  grantees,
  publicAmisToCome: toCome = 0,
  publicAmiLimit = Number.POSITIVE_INFINITY,
}: Sharable): PublishError[] {
  if (!audience || !isShared(audience)) return [];
  const isPublic = grantees.includes(everybody);
  const facts = { region };
  return [
    ...(encrypted && audience.public
      ? [
          new PublishError('SHARE_ENCRYPTED', `${region}: an encrypted AMI cannot be public`, {
            hint: 'Share it with accounts instead, or make it without encrypt in regions that do not encrypt by default.',
            facts,
          }),
        ]
      : []),
    ...(encrypted && hasAwsKey && !audience.public
      ? [
          new PublishError(
            'SHARE_AWS_KEY',
            `${region}: the AMI is encrypted with AWS's own key, which no other account can use`,
            {
              hint: 'Give a key of your own for this region (kms-key), and import the image again with it.',
              facts,
            },
          ),
        ]
      : []),
    ...(audience.public && !isPublic && settings.blocksPublicAmis ? [blocked(region, 'image', 'AMIs')] : []),
    ...(audience.public && !isPublic && settings.blocksPublicSnapshots
      ? [blocked(region, 'snapshot', 'snapshots')]
      : []),
    ...(audience.public && !isPublic && settings.publicAmis + toCome >= publicAmiLimit
      ? [
          new PublishError(
            'PUBLIC_AMI_QUOTA',
            `${region}: the account has ${settings.publicAmis} public AMIs${toCome > 0 ? ` and gets ${toCome} more` : ''}, and may have ${publicAmiLimit}`,
            {
              hint: 'Make an older AMI private, or request a higher quota (Service Quotas, EC2, "Public AMIs", L-0E3CBAB9).',
              facts: { ...facts, publicAmis: settings.publicAmis, publicAmiLimit },
            },
          ),
        ]
      : []),
  ];
}

function blocked(region: string, setting: 'image' | 'snapshot', what: string): PublishError {
  return new PublishError('PUBLIC_ACCESS_BLOCKED', `${region}: the account blocks public access to ${what}`, {
    hint: `Allow it with \`aws ec2 disable-${setting}-block-public-access --region ${region}\`, which takes up to ten minutes; or share with accounts.`,
    facts: { region, setting },
  });
}
