import { createEc2 } from '../ec2.ts';
import type { PublishError } from '../errors.ts';
import type { PublishedAmi } from '../published/published-ami.ts';
import { findObstacles } from '../region/obstacles.ts';
import { readRegionSettings } from '../region/region-settings.ts';
import type { PublishTarget, RegionSession } from './target.ts';

/** Why EC2 would refuse to share the AMI there as configured. */
export async function readObstacles(
  { region, configured: { audience }, encryption }: PublishTarget,
  {
    session,
    found,
    isSourceEncrypted,
  }: {
    readonly session: RegionSession;
    /** Undefined where the region has no AMI yet. */
    readonly found?: PublishedAmi;
    readonly isSourceEncrypted: boolean;
  },
): Promise<PublishError[]> {
  const settings = await readRegionSettings(createEc2(session.ec2), audience);
  const willBe = encryption !== undefined || isSourceEncrypted || settings.encryptsByDefault;
  const encrypted = found ? found.snapshots.some((snapshot) => snapshot.encrypted) : willBe;
  const keys = found
    ? found.snapshots.flatMap(({ kmsKeyId }) => kmsKeyId ?? [])
    : [encryption?.kmsKeyId ?? settings.defaultKmsKey].filter((key) => key !== undefined);
  const isAwsKey = async (key: string) =>
    /(?:^|:)alias\/aws\//.test(key) || ((await session.isAwsKey?.(key)) ?? false);
  const asks = audience !== undefined && encrypted && !audience.public;
  return findObstacles({
    region,
    audience,
    settings,
    encrypted,
    hasAwsKey: asks && (await Promise.all(keys.map(isAwsKey))).includes(true),
    grantees: found?.grantees ?? [],
    publicAmisToCome: session.publicAmisToCome,
    publicAmiLimit: audience?.public ? await session.publicAmiLimit?.() : undefined,
  });
}
