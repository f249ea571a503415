import { DescribeImageAttributeCommand } from '@aws-sdk/client-ec2';
import { isAwsCallError, refusedCodeOf } from '@ec2-image/aws-call';
import { createEc2, type Ec2, type Ec2Options } from '../ec2/ec2.ts';
import { listImages } from '../ec2/list-images.ts';
import { describeSnapshot } from '../snapshot/describe.ts';
import { otherUsers } from '../snapshot/find-own-snapshot.ts';
import { type AmiFacts, type AmiVerdict, amiFacts, judgeAmi } from './ami.ts';
import type { WantedAmi } from './wanted-ami.ts';

export interface FindImageOptions extends Ec2Options, WantedAmi {
  readonly name: string;
}

/**
 * The account's AMI of that name and what it is to us; undefined where there is none, as far as one look tells (EC2's reads
 * lag: RegisterImage has the last word). A verdict other than `ours` becomes an error with `conflictError`.
 */
export async function findImage(options: FindImageOptions): Promise<AmiVerdict | undefined> {
  return findImageNow(createEc2(options), options);
}

export async function findImageNow(
  ec2: Ec2,
  { name, ...wanted }: WantedAmi & { readonly name: string },
): Promise<AmiVerdict | undefined> {
  const images = await listImages(ec2, { name: 'name', value: name });
  // `*` and `?` in a filter are wildcards; a name may hold neither, but what answers as EC2 may see it otherwise.
  const image = images.find(({ Name, State }) => Name === name && State !== 'deregistered');
  if (!image) return undefined;
  const facts = amiFacts(image, await ec2.region());
  const ami = wanted.uefiData === undefined ? facts : { ...facts, uefiData: await findUefiData(ec2, facts) };
  const { rootSnapshotId: snapshotId } = ami;
  const snapshot = await findRootSnapshot(ec2, snapshotId);
  const sharedWith =
    wanted.ownSnapshot && snapshotId ? await otherUsers(ec2, { snapshotId, amiName: name }) : [];
  return judgeAmi({ ami: { ...ami, snapshotTags: snapshot?.tags, sharedWith }, snapshot, wanted });
}

/** None where there is no such snapshot, or where the credentials may not describe it. */
async function findRootSnapshot(ec2: Ec2, snapshotId: string | undefined) {
  if (!snapshotId) return undefined;
  try {
    return await describeSnapshot(ec2, snapshotId);
  } catch (error) {
    if (isAwsCallError(error, 'ACCESS_DENIED')) return undefined;
    throw error;
  }
}

/** DescribeImages does not show it. */
async function findUefiData(ec2: Ec2, { imageId }: AmiFacts): Promise<string | undefined> {
  try {
    const { UefiData } = await ec2.send(
      new DescribeImageAttributeCommand({ ImageId: imageId, Attribute: 'uefiData' }),
    );
    return UefiData?.Value || undefined;
  } catch (error) {
    if (isUnknownImage(error)) return undefined;
    throw error;
  }
}

/** It is gone, or not visible yet. */
export function isUnknownImage(error: unknown): boolean {
  return /^InvalidAMIID\.(NotFound|Unavailable)$/.test(refusedCodeOf(error) ?? '');
}
