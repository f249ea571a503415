import { EnableImageDeprecationCommand } from '@aws-sdk/client-ec2';
import { policies, retry, waitUntil } from '@ec2-image/aws-call';
import { gaveUpWaiting } from '../errors.ts';
import type { ImageFact } from '../facts.ts';
import { imageNow } from './image-now.ts';
import type { Removal, RemovalOptions } from './removal.ts';

const minuteMs = 60_000;

/** From the next whole minute but one on: EC2 keeps minutes, and takes none that has passed. */
export async function deprecateImage(
  { region, imageId }: ImageFact,
  { senders, now }: RemovalOptions,
): Promise<Removal> {
  const ec2 = senders.ec2(region);
  const soonest = () => Math.ceil(now() / minuteMs) * minuteMs + minuteMs;
  await retry(ec2, {
    policy: policies.updateImage,
    call: () =>
      ec2.send(new EnableImageDeprecationCommand({ ImageId: imageId, DeprecateAt: new Date(soonest()) })),
  });
  return waitUntil(ec2, {
    policy: policies.visible,
    async ask(): Promise<Removal | undefined> {
      const image = await imageNow(ec2, { region, imageId });
      const isDeprecated = image?.deprecatesAt !== undefined && image.deprecatesAt <= soonest();
      return isDeprecated ? { outcome: 'deprecated' } : undefined;
    },
    onTimeout: gaveUpWaiting(`the deprecation of ${imageId} to appear`),
  });
}
