import { DescribeImageAttributeCommand, type ImageAttribute } from '@aws-sdk/client-ec2';
import { refusedCodeOf } from '@ec2-image/aws-call';
import type { ImageDetail, ImageFact } from '../facts.ts';
import { timeOf } from '../scan/images.ts';
import type { Ec2 } from '../senders.ts';

/** With whom an AMI is shared, and when it was last launched. Undefined: it is gone. */
export async function readPermissions({
  ec2,
  image,
  account,
}: {
  readonly ec2: Ec2;
  readonly image: ImageFact;
  readonly account: string;
}): Promise<Omit<NonNullable<ImageDetail>, 'references'> | undefined> {
  const attribute = (Attribute: 'launchPermission' | 'lastLaunchedTime') =>
    ec2.send(new DescribeImageAttributeCommand({ ImageId: image.imageId, Attribute }));
  const answers = await Promise.all([
    attribute('launchPermission'),
    // DescribeImages leaves the time out where it is not known, and so may an older answer that never had it.
    image.lastLaunchedAt === undefined ? attribute('lastLaunchedTime') : undefined,
  ]).catch((error) => {
    if (isImageGone(error)) return undefined;
    throw error;
  });
  if (!answers) return undefined;
  const [permissions, launched] = answers;
  const launchPermissions = grantees(permissions);
  return {
    launchPermissions,
    sharedWith: launchPermissions.filter((who) => who !== account),
    lastLaunchedAt: image.lastLaunchedAt ?? timeOf(launched?.LastLaunchedTime?.Value),
  };
}

/** Account ids but the own one, ARNs of organisations and their units, or `all`. Undefined: the AMI is gone. */
export async function readSharing({
  ec2,
  image,
  account,
}: {
  readonly ec2: Ec2;
  readonly image: ImageFact;
  readonly account: string;
}): Promise<readonly string[] | undefined> {
  const command = new DescribeImageAttributeCommand({
    ImageId: image.imageId,
    Attribute: 'launchPermission',
  });
  try {
    return grantees(await ec2.send(command)).filter((who) => who !== account);
  } catch (error) {
    if (isImageGone(error)) return undefined;
    throw error;
  }
}

function grantees({ LaunchPermissions = [] }: ImageAttribute): string[] {
  return LaunchPermissions.flatMap(
    ({ Group, UserId, OrganizationArn, OrganizationalUnitArn }) =>
      Group ?? UserId ?? OrganizationArn ?? OrganizationalUnitArn ?? [],
  );
}

export function isImageGone(error: unknown): boolean {
  return ['InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable'].includes(refusedCodeOf(error) ?? '');
}
