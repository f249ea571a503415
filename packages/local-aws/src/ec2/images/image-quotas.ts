import { ec2Error } from '../errors.ts';
import { isBelow } from '../is-below.ts';
import type { Ec2Context } from '../operation.ts';
import { type ImageFacts, isPublic } from './image.ts';

// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-quotas.html, which names no codes.

export function checkImageCount({ resources, account: { quotas } }: Ec2Context): void {
  if (resources.count('image') < quotas.images) return;
  throw ec2Error('ResourceLimitExceeded', `The maximum number of AMIs (${quotas.images}) has been reached.`);
}

export function checkPublicImageCount({ resources, account: { quotas } }: Ec2Context): void {
  const images = resources.scan<ImageFacts>('image');
  if (isBelow(quotas.publicImages, images, ({ facts }) => isPublic(facts))) return;
  throw ec2Error(
    'ResourceLimitExceeded',
    `The maximum number of public AMIs (${quotas.publicImages}) has been reached.`,
  );
}
