import {
  DescribeImagesCommand,
  GetEbsDefaultKmsKeyIdCommand,
  GetEbsEncryptionByDefaultCommand,
  GetImageBlockPublicAccessStateCommand,
  GetSnapshotBlockPublicAccessStateCommand,
} from '@aws-sdk/client-ec2';
import { allPages } from '@ec2-image/aws-call';
import type { Audience } from '../audience.ts';
import type { Ec2 } from '../ec2.ts';

/** What of a region's settings decides whether an AMI there can be shared. */
export interface RegionSettings {
  readonly encryptsByDefault: boolean;
  /** The key of what names none: an ARN, or the alias of AWS's own. */
  readonly defaultKmsKey?: string;
  /** Public images, or public snapshots, are refused. */
  readonly blocksPublicAmis: boolean;
  readonly blocksPublicSnapshots: boolean;
  /** How many public AMIs the account has there; 0 where nothing is to be public. */
  readonly publicAmis: number;
}

/** Reads no more than the audience makes necessary. */
export async function readRegionSettings(ec2: Ec2, audience: Audience | undefined): Promise<RegionSettings> {
  if (!audience || !isShared(audience)) return unshared;
  const [{ EbsEncryptionByDefault = false }, { KmsKeyId }] = await Promise.all([
    ec2.send(new GetEbsEncryptionByDefaultCommand({})),
    ec2.send(new GetEbsDefaultKmsKeyIdCommand({})),
  ]);
  const encryption = { encryptsByDefault: EbsEncryptionByDefault, defaultKmsKey: KmsKeyId };
  if (!audience.public) return { ...unshared, ...encryption };
  const [{ ImageBlockPublicAccessState }, { State }, publicAmis] = await Promise.all([
    ec2.send(new GetImageBlockPublicAccessStateCommand({})),
    ec2.send(new GetSnapshotBlockPublicAccessStateCommand({})),
    countPublicAmis(ec2),
  ]);
  return {
    ...encryption,
    blocksPublicAmis: ImageBlockPublicAccessState !== 'unblocked',
    blocksPublicSnapshots: State !== 'unblocked',
    publicAmis,
  };
}

const unshared: RegionSettings = {
  encryptsByDefault: false,
  blocksPublicAmis: false,
  blocksPublicSnapshots: false,
  publicAmis: 0,
};

export function isShared({ accounts, organizations, organizationalUnits, public: open }: Audience): boolean {
  return open || accounts.length + organizations.length + organizationalUnits.length > 0;
}

async function countPublicAmis(ec2: Ec2): Promise<number> {
  const images = await allPages(async (NextToken) => {
    const { Images, NextToken: nextToken } = await ec2.send(
      new DescribeImagesCommand({
        Owners: ['self'],
        Filters: [{ Name: 'is-public', Values: ['true'] }],
        IncludeDeprecated: true,
        MaxResults: 100,
        NextToken,
      }),
    );
    return { items: Images, nextToken };
  });
  return images.length;
}
