import { DeregisterImageCommand } from '@aws-sdk/client-ec2';
import { isImageGone } from '../examine/images.ts';
import type { ImageFact } from '../facts.ts';
import { scanImages } from '../scan/images.ts';
import { untilConfirmed, waitFor } from '../wait.ts';
import type { Removal, RemovalOptions } from './removal.ts';

/** Without DeleteAssociatedSnapshots: the plan names each snapshot that is to go, and looks at each again. */
export async function removeImage(
  image: ImageFact,
  { clients, account: _, ...waiting }: RemovalOptions,
): Promise<Removal> {
  const ec2 = clients.ec2(image.region);
  const { signal } = waiting;
  try {
    await ec2.send(new DeregisterImageCommand({ ImageId: image.imageId }), { abortSignal: signal });
  } catch (error) {
    if (!isImageGone(error)) throw error;
  }
  return waitFor(
    async (): Promise<Removal | undefined> => {
      const filters = [{ Name: 'image-id', Values: [image.imageId] }];
      for await (const { state } of scanImages({ ec2, region: image.region, filters, signal })) {
        if (state !== 'deregistered') return undefined;
      }
      return { outcome: 'deleted' };
    },
    { ...untilConfirmed, ...waiting, what: 'the AMI to be gone' },
  );
}
