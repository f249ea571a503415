import { DescribeImagesCommand, type Image } from '@aws-sdk/client-ec2';
import { allPages } from '@ec2-image/aws-call';
import { copyOfKey, foreignImageOrigin, tagRecord } from '@ec2-image/provenance';
import type { Ec2 } from '../ec2.ts';

export interface CopySource {
  readonly region: string;
  readonly imageId: string;
}

/** The value of `ec2-image:copy-of` on a copy. */
export function copyOf({ imageId }: Pick<CopySource, 'imageId'>, region: string): string {
  return `${imageId} ${region}`;
}

/**
 * The copies that ec2-image has made of an AMI in the region of the client, whatever their state: by the tag, which must name
 * this region, and by what EC2 itself says of their origin. The oldest first.
 */
export async function findCopies(
  ec2: Ec2,
  { source, region }: { readonly source: CopySource; readonly region: string },
): Promise<Image[]> {
  const images = await allPages(async (NextToken) => {
    const { Images, NextToken: nextToken } = await ec2.send(
      new DescribeImagesCommand({
        Owners: ['self'],
        Filters: [{ Name: `tag:${copyOfKey}`, Values: [copyOf(source, region)] }],
        IncludeDeprecated: true,
        IncludeDisabled: true,
        MaxResults: 100,
        NextToken,
      }),
    );
    return { items: Images, nextToken };
  });
  return images
    .filter((image) => isCopyOf(image, { source, region }))
    .sort((a, b) => (a.CreationDate ?? '').localeCompare(b.CreationDate ?? ''));
}

function isCopyOf(
  image: Image,
  { source, region }: { readonly source: CopySource; readonly region: string },
): boolean {
  return (
    image.SourceImageId === source.imageId &&
    image.SourceImageRegion === source.region &&
    foreignImageOrigin(image, { region, tags: tagRecord(image.Tags) }) === undefined
  );
}
