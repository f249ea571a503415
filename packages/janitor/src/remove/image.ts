import { DeregisterImageCommand } from '@aws-sdk/client-ec2';
import { policies, retry } from '@ec2-image/aws-call';
import { isImageGone } from '../examine/images.ts';
import type { ImageFact } from '../facts.ts';
import { scanImages } from '../scan/images.ts';
import { type Removal, type RemovalOptions, untilConfirmed } from './removal.ts';

/** Without DeleteAssociatedSnapshots: the plan names each snapshot that is to be deleted, and each is checked again. */
export async function removeImage(image: ImageFact, { senders }: RemovalOptions): Promise<Removal> {
  const { region, imageId } = image;
  const ec2 = senders.ec2(region);
  try {
    await retry(ec2, {
      policy: policies.remove,
      call: () => ec2.send(new DeregisterImageCommand({ ImageId: imageId })),
    });
  } catch (error) {
    if (!isImageGone(error)) throw error;
  }
  return untilConfirmed(ec2, {
    what: 'the AMI to be gone',
    async read() {
      const filters = [{ Name: 'image-id', Values: [imageId] }];
      for await (const { state } of scanImages({ ec2, region, filters })) {
        if (state !== 'deregistered') return undefined;
      }
      return { outcome: 'deleted' };
    },
  });
}
