import { DescribeImagesCommand, type Filter, type Image } from '@aws-sdk/client-ec2';
import { pages } from '@ec2-image/aws-call';
import { foreignImageOrigin, tagRecord } from '@ec2-image/provenance';
import type { ImageFact } from '../facts.ts';
import { ownStrings } from './own-strings.ts';
import type { RegionScan } from './tasks.ts';

const pageSize = 1000;

/** The account's own AMIs, disabled and deprecated ones included. `filters` narrow the list at the service. */
export async function* scanImages({
  ec2,
  region,
  filters,
}: RegionScan & { readonly filters?: Filter[] }): AsyncGenerator<ImageFact> {
  const list = pages(async (token) => {
    const page = await ec2.send(
      new DescribeImagesCommand({
        Owners: ['self'],
        IncludeDisabled: true,
        IncludeDeprecated: true,
        Filters: filters,
        MaxResults: pageSize,
        NextToken: token,
      }),
    );
    return { items: page.Images, nextToken: page.NextToken };
  });
  for await (const images of list) {
    for (const image of images) yield imageFact(image, region);
  }
}

function imageFact(image: Image, region: string): ImageFact {
  const protection = image.DeregistrationProtection;
  const tags = tagRecord(image.Tags);
  return ownStrings({
    kind: 'ami',
    region,
    imageId: image.ImageId!,
    name: image.Name ?? '',
    state: image.State ?? 'unknown',
    architecture: image.Architecture,
    createdAt: timeOf(image.CreationDate),
    deprecatesAt: timeOf(image.DeprecationTime),
    lastLaunchedAt: timeOf(image.LastLaunchedTime),
    isPublic: image.Public === true,
    // With a cooldown it lasts another day after it was switched off, and says so in words.
    protection: protection && protection !== 'disabled' ? protection : undefined,
    snapshotIds: (image.BlockDeviceMappings ?? []).flatMap(({ Ebs }) => Ebs?.SnapshotId ?? []),
    foreignOrigin: foreignImageOrigin(image, { region, tags }),
    tags,
  });
}

export function timeOf(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? undefined : time;
}
