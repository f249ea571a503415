import { ec2Error } from '../errors.ts';
import { isBelow } from '../is-below.ts';
import type { Ec2Context } from '../operation.ts';
import { type ImageFacts, isPublic } from './image.ts';

// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-quotas.html, which names no codes.

export function checkImageCount({ resources, account: { quotas } }: Ec2Context): void {
  if (resources.count('image') < quotas.images) return;
  throw ec2Error('ResourceLimitExceeded', `The maximum number of AMIs (${quotas.images}) has been reached.`);
}

/** In EC2's words: https://github.com/NixOS/amis/issues/37 */
export function checkPublicImageCount({ resources, account: { quotas } }: Ec2Context): void {
  const images = resources.scan<ImageFacts>('image');
  if (isBelow(quotas.publicImages, images, ({ facts }) => isPublic(facts))) return;
  throw ec2Error(
    'ResourceLimitExceeded',
    `You have reached your quota of ${quotas.publicImages} for the number of public images allowed in this Region. Deregister unused public images or make them private, or request an increase in your public AMIs quota.`,
  );
}
