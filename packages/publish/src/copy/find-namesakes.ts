import { DescribeImagesCommand, type Image } from '@aws-sdk/client-ec2';
import { allPages } from '@ec2-image/aws-call';
import { copyOfKey, foreignImageOrigin, tagRecord } from '@ec2-image/provenance';
import type { Ec2 } from '../ec2.ts';

export interface CopySource {
  readonly region: string;
  readonly imageId: string;
  readonly name: string;
}

/** The AMI, as DescribeImages of its region gives it. */
export function sourceOf({ ImageId, Name }: Image, region: string): CopySource {
  return { region, imageId: ImageId!, name: Name! };
}

/** What the account has in a region under the name of an AMI: EC2 allows one of a name. */
export interface Namesakes {
  /** Those that ec2-image has made of that AMI, whatever their state, the oldest first. */
  readonly copies: readonly Image[];
  /** Those that are not, and have the name, the oldest first: several where a read still shows what has been deregistered. */
  readonly others: readonly Image[];
}

/** The value of `ec2-image:copy-of` on a copy. */
export function copyOf({ imageId }: Pick<CopySource, 'imageId'>, region: string): string {
  return `${imageId} ${region}`;
}

/** A copy has the name of its source. One is ours by its tag, which must name this region, and by what EC2 says of its origin. */
export async function findNamesakes(
  ec2: Ec2,
  { source, region }: { readonly source: CopySource; readonly region: string },
): Promise<Namesakes> {
  const images = await allPages(async (NextToken) => {
    const { Images, NextToken: nextToken } = await ec2.send(
      new DescribeImagesCommand({
        Owners: ['self'],
        Filters: [{ Name: 'name', Values: [source.name] }],
        IncludeDeprecated: true,
        IncludeDisabled: true,
        MaxResults: 100,
        NextToken,
      }),
    );
    return { items: Images, nextToken };
  });
  const present = images
    .filter(({ State }) => State !== 'deregistered')
    .sort((a, b) => (a.CreationDate ?? '').localeCompare(b.CreationDate ?? ''));
  const copies = present.filter((image) => isCopyOf(image, { source, region }));
  const others = present.filter((image) => !copies.includes(image) && image.ImageId !== source.imageId);
  return { copies, others };
}

function isCopyOf(
  image: Image,
  { source, region }: { readonly source: CopySource; readonly region: string },
): boolean {
  return image.SourceImageId === source.imageId && isOwnCopy(image, { sourceRegion: source.region, region });
}

/** Whether ec2-image has made it of some AMI of that region. */
export function isOwnCopy(
  image: Image,
  { sourceRegion, region }: { readonly sourceRegion: string; readonly region: string },
): boolean {
  const tags = tagRecord(image.Tags);
  return (
    image.SourceImageRegion === sourceRegion &&
    tags[copyOfKey] !== undefined &&
    foreignImageOrigin(image, { region, tags }) === undefined
  );
}

/** `dead`: it will never be of use. */
export type CopyState = 'available' | 'pending' | 'disabled' | 'dead';

/** What EC2's word for the state of an AMI means for a copy. */
export function copyStateOf({ State }: Pick<Image, 'State'>): CopyState {
  if (State === 'available' || State === 'disabled') return State;
  return State === 'pending' || State === 'transient' ? 'pending' : 'dead';
}
