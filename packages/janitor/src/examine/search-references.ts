import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { DescribeParametersCommand, GetParametersCommand } from '@aws-sdk/client-ssm';
import { pages } from '@ec2-image/aws-call';
import type { ReferenceSearch } from './reference-search.ts';

export type Add = (imageId?: string, what?: string) => void;

/** GetParameters takes no more names in one call. */
const maxParameterNames = 10;

/** The same search in places without DescribeImageReferences: launch templates are read in any case, Image Builder's recipes cannot be. */
export async function searchReferences(search: ReferenceSearch, add: Add): Promise<void> {
  await searchInstances(search, add);
  await searchParameters(search, add);
}

async function searchInstances({ senders, region, imageIds }: ReferenceSearch, add: Add): Promise<void> {
  const ec2 = senders.ec2(region);
  const list = pages(async (token) => {
    const page = await ec2.send(
      new DescribeInstancesCommand({
        Filters: [{ Name: 'image-id', Values: [...imageIds] }],
        MaxResults: 1000,
        NextToken: token,
      }),
    );
    return { items: page.Reservations, nextToken: page.NextToken };
  });
  for await (const reservations of list) {
    for (const { ImageId, InstanceId } of reservations.flatMap(({ Instances }) => Instances ?? [])) {
      add(ImageId, InstanceId);
    }
  }
}

/** An AMI's id may stand in a parameter of any type that holds plain text, alone or among others. */
export async function searchParameters(
  { senders, region, imageIds }: ReferenceSearch,
  add: Add,
): Promise<void> {
  const ssm = senders.ssm(region);
  const list = pages(async (token) => {
    const page = await ssm.send(
      new DescribeParametersCommand({
        ParameterFilters: [{ Key: 'Type', Option: 'Equals', Values: ['String', 'StringList'] }],
        MaxResults: 50,
        NextToken: token,
      }),
    );
    return { items: page.Parameters, nextToken: page.NextToken };
  });
  for await (const parameters of list) {
    const names = parameters.flatMap(({ Name }) => Name ?? []);
    for (let at = 0; at < names.length; at += maxParameterNames) {
      const { Parameters: values = [] } = await ssm.send(
        new GetParametersCommand({ Names: names.slice(at, at + maxParameterNames) }),
      );
      for (const { ARN, Name, Value } of values) {
        for (const imageId of imageIds) if (Value?.includes(imageId)) add(imageId, ARN ?? Name);
      }
    }
  }
}
