import { DescribeImageReferencesCommand, type DescribeImageReferencesRequest } from '@aws-sdk/client-ec2';
import { pages } from '@ec2-image/aws-call';
import { isImageGone } from './images.ts';
import type { ReferenceSearch } from './reference-search.ts';
import { type Add, searchParameters, searchReferences } from './search-references.ts';
import { isUnknownAction } from './unknown-action.ts';

/** What uses an AMI, by the AMI's id. */
export type References = ReadonlyMap<string, readonly string[]>;

/** DescribeImageReferences takes no more ids in one call. */
const maxImageIds = 10;

/** All that a launch template can have: the default of 10 would leave the older versions unseen. */
const allVersions = '10000';

/** Instances in every state, every version of launch templates, SSM parameters, Image Builder recipes. */
export function findReferences(search: ReferenceSearch): Promise<References> {
  return findAll(search, { ask: everything, otherwise: searchReferences });
}

/** The ARNs of the SSM parameters alone. */
export function findParameters(search: ReferenceSearch): Promise<References> {
  return findAll(search, { ask: parameters, otherwise: searchParameters });
}

type Asked = Omit<DescribeImageReferencesRequest, 'ImageIds' | 'NextToken'>;

const everything: Asked = {
  IncludeAllResourceTypes: true,
  ResourceTypes: [
    {
      ResourceType: 'ec2:LaunchTemplate',
      ResourceTypeOptions: [{ OptionName: 'version-depth', OptionValues: [allVersions] }],
    },
  ],
};
const parameters: Asked = { ResourceTypes: [{ ResourceType: 'ssm:Parameter' }] };

interface Way {
  readonly ask: Asked;
  /** Where the endpoint has no such call. */
  readonly otherwise: (search: ReferenceSearch, add: Add) => Promise<void>;
}

async function findAll(search: ReferenceSearch, way: Way): Promise<References> {
  const found = new Map<string, string[]>(search.imageIds.map((id) => [id, []]));
  const add: Add = (imageId, what) => {
    if (imageId !== undefined && what !== undefined) found.get(imageId)?.push(what);
  };
  for (let at = 0; at < search.imageIds.length; at += maxImageIds) {
    const imageIds = search.imageIds.slice(at, at + maxImageIds);
    try {
      await askForReferences({ ...search, imageIds }, { way, add });
    } catch (error) {
      if (!isImageGone(error)) throw error;
      // One that somebody else has just deregistered fails the call for all of them.
      for (const imageId of imageIds)
        await askForReferences({ ...search, imageIds: [imageId] }, { way, add }).catch(unlessGone);
    }
  }
  return found;
}

function unlessGone(error: unknown): void {
  if (!isImageGone(error)) throw error;
}

async function askForReferences(
  search: ReferenceSearch,
  { way, add }: { readonly way: Way; readonly add: Add },
): Promise<void> {
  const ec2 = search.senders.ec2(search.region);
  const list = pages(async (token) => {
    const page = await ec2.send(
      new DescribeImageReferencesCommand({
        ImageIds: [...search.imageIds],
        ...way.ask,
        NextToken: token,
      }),
    );
    return { items: page.ImageReferences, nextToken: page.NextToken };
  });
  try {
    for await (const references of list) {
      for (const { ImageId, Arn, ResourceType } of references) add(ImageId, Arn ?? ResourceType);
    }
  } catch (error) {
    if (!isUnknownAction(error)) throw error;
    await way.otherwise(search, add);
  }
}
