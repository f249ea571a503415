import {
  DescribeInstancesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
} from '@aws-sdk/client-ec2';
import { DescribeParametersCommand, GetParametersCommand } from '@aws-sdk/client-ssm';
import { pages } from '../scan/pages.ts';
import type { ReferenceSearch } from './reference-search.ts';

type Add = (imageId?: string, what?: string) => void;

/** GetParameters takes no more names in one call. */
const maxParameterNames = 10;

/** The same search in places without DescribeImageReferences, Image Builder's recipes aside. */
export async function searchReferences(search: ReferenceSearch, add: Add): Promise<void> {
  await searchInstances(search, add);
  await searchLaunchTemplates(search, add);
  await searchParameters(search, add);
}

async function searchInstances(
  { clients, region, imageIds, signal }: ReferenceSearch,
  add: Add,
): Promise<void> {
  const list = pages((NextToken) =>
    clients.ec2(region).send(
      new DescribeInstancesCommand({
        Filters: [{ Name: 'image-id', Values: [...imageIds] }],
        MaxResults: 1000,
        NextToken,
      }),
      { abortSignal: signal },
    ),
  );
  for await (const { Reservations } of list) {
    for (const { ImageId, InstanceId } of (Reservations ?? []).flatMap(({ Instances }) => Instances ?? [])) {
      add(ImageId, InstanceId);
    }
  }
}

/** Only asked for one template at a time does AWS look through all versions of it. */
async function searchLaunchTemplates(
  { clients, region, imageIds, signal }: ReferenceSearch,
  add: Add,
): Promise<void> {
  const ec2 = clients.ec2(region);
  const templates = pages((NextToken) =>
    ec2.send(new DescribeLaunchTemplatesCommand({ MaxResults: 200, NextToken }), { abortSignal: signal }),
  );
  for await (const { LaunchTemplates } of templates) {
    for (const { LaunchTemplateId } of LaunchTemplates ?? []) {
      const versions = pages((NextToken) =>
        ec2.send(
          new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId, MaxResults: 200, NextToken }),
          {
            abortSignal: signal,
          },
        ),
      );
      for await (const { LaunchTemplateVersions } of versions) {
        for (const { LaunchTemplateData, VersionNumber } of LaunchTemplateVersions ?? []) {
          for (const imageId of imageIds) {
            // Besides an id it may hold `resolve:ssm:…`, which the parameters account for.
            if (LaunchTemplateData?.ImageId === imageId)
              add(imageId, `${LaunchTemplateId} version ${VersionNumber}`);
          }
        }
      }
    }
  }
}

/** An AMI's id may stand in a parameter of any type that holds plain text, alone or among others. */
async function searchParameters(
  { clients, region, imageIds, signal }: ReferenceSearch,
  add: Add,
): Promise<void> {
  const ssm = clients.ssm(region);
  const list = pages((NextToken) =>
    ssm.send(
      new DescribeParametersCommand({
        ParameterFilters: [{ Key: 'Type', Option: 'Equals', Values: ['String', 'StringList'] }],
        MaxResults: 50,
        NextToken,
      }),
      { abortSignal: signal },
    ),
  );
  for await (const { Parameters } of list) {
    const names = (Parameters ?? []).flatMap(({ Name }) => Name ?? []);
    for (let at = 0; at < names.length; at += maxParameterNames) {
      const { Parameters: values } = await ssm.send(
        new GetParametersCommand({ Names: names.slice(at, at + maxParameterNames) }),
        { abortSignal: signal },
      );
      for (const { ARN, Name, Value } of values ?? []) {
        for (const imageId of imageIds) if (Value?.includes(imageId)) add(imageId, ARN ?? Name);
      }
    }
  }
}
