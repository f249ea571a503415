import { DescribeImagesCommand, type DescribeImagesRequest, type Image } from '@aws-sdk/client-ec2';
import { allPages } from '@ec2-image/aws-call';
import type { Ec2 } from './ec2.ts';

/** The account's own AMIs that a filter matches, those included that are deprecated or disabled. */
export async function listImages(
  ec2: Ec2,
  { name, value }: { readonly name: string; readonly value: string },
): Promise<Image[]> {
  const request: DescribeImagesRequest = {
    Owners: ['self'],
    Filters: [{ Name: name, Values: [value] }],
    IncludeDeprecated: true,
    IncludeDisabled: true,
    MaxResults: 1000,
  };
  return allPages(async (NextToken) => {
    const page = await ec2.send(new DescribeImagesCommand({ ...request, NextToken }));
    return { items: page.Images, nextToken: page.NextToken };
  });
}
