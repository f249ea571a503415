import type { ImageFact } from '../facts.ts';
import { scanImages } from '../scan/images.ts';
import type { Ec2 } from '../senders.ts';

export interface ImageId {
  readonly region: string;
  readonly imageId: string;
}

/** Undefined where EC2 shows none. */
export async function imageNow(ec2: Ec2, { region, imageId }: ImageId): Promise<ImageFact | undefined> {
  const filters = [{ Name: 'image-id', Values: [imageId] }];
  for await (const image of scanImages({ ec2, region, filters })) return image;
  return undefined;
}
