import { boolean, list, missingParameter, oneOf, required, string, structure } from '../query/shape.ts';
import { invalidParameterValue } from './errors.ts';
import type { InstanceFacts } from './instances/instance.ts';
import type { LaunchTemplateFacts } from './launch-templates/launch-template.ts';
import { type Ec2Context, operation } from './operation.ts';
import { pageFields, pageOf, pageStart } from './paging.ts';
import { checkIds, notFound } from './resource-type.ts';

const resourceTypes = [
  'ec2:Instance',
  'ec2:LaunchTemplate',
  'ssm:Parameter',
  'imagebuilder:ImageRecipe',
  'imagebuilder:ContainerRecipe',
] as const;
type ReferringType = (typeof resourceTypes)[number];

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImageReferences.html */
const maxImages = 10;
const defaultDepth = 10;
const maxDepth = 10_000;

/** Of Image Builder's recipes there are none here. */
export const describeImageReferences = operation({
  fields: {
    ImageId: required(list(string)),
    IncludeAllResourceTypes: boolean,
    ResourceType: list(
      structure({
        ResourceType: required(oneOf(...resourceTypes)),
        ResourceTypeOption: list(
          structure({
            OptionName: required(oneOf('state-name', 'version-depth')),
            OptionValue: list(string),
          }),
        ),
      }),
    ),
    ...pageFields,
  },
  run(input, context) {
    const { ImageId: ids, ResourceType: asked, IncludeAllResourceTypes: all = false } = input;
    if (!all && asked.length === 0) throw missingParameter('IncludeAllResourceTypes or ResourceTypes');
    if (ids.length > maxImages) {
      throw invalidParameterValue(`The maximum number of image IDs for a request is ${maxImages}.`);
    }
    checkIds('image', ids);
    const absent = ids.filter((id) => !context.resources.find('image', id));
    if (absent.length > 0) throw notFound('image', absent);
    const optionsOf = (type: ReferringType) => {
      const found = asked.find(({ ResourceType: candidate }) => candidate === type);
      return all || found ? optionValues(found?.ResourceTypeOption ?? []) : undefined;
    };
    const references = [
      ...instances(ids, optionsOf('ec2:Instance'), context),
      ...launchTemplates(ids, optionsOf('ec2:LaunchTemplate'), context),
      ...parameters(ids, optionsOf('ssm:Parameter'), context),
    ].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const start = pageStart(input);
    const { items, nextToken } = pageOf(
      references.filter((reference) => keyOf(reference) > start),
      { request: input, limits: { min: 5, max: 1000 }, conditions: context.conditions, keyOf },
    );
    return { imageReferenceSet: { item: [...items].map((item) => ({ ...item })) }, nextToken };
  },
});

interface Reference {
  readonly imageId: string;
  readonly resourceType: ReferringType;
  readonly arn: string;
}

function keyOf({ imageId, arn }: Reference): string {
  return `${imageId} ${arn}`;
}

interface Options {
  /** Undefined: in any. */
  readonly states?: readonly string[];
  readonly depth: number;
}

function optionValues(
  options: readonly { readonly OptionName: string; readonly OptionValue: readonly string[] }[],
): Options {
  const valuesOf = (name: string) => options.find(({ OptionName }) => OptionName === name)?.OptionValue;
  const depth = Number(valuesOf('version-depth')?.[0] ?? defaultDepth);
  if (!Number.isInteger(depth) || depth < 1 || depth > maxDepth) {
    throw invalidParameterValue(`version-depth must be an integer between 1 and ${maxDepth}.`);
  }
  return { states: valuesOf('state-name'), depth };
}

function instances(
  ids: readonly string[],
  options: Options | undefined,
  { resources, region, accountId }: Ec2Context,
): Reference[] {
  if (!options) return [];
  return [...resources.scan<InstanceFacts>('instance')].flatMap(({ id, facts }) =>
    ids.includes(facts.imageId) && (options.states?.includes(facts.state) ?? true)
      ? {
          imageId: facts.imageId,
          resourceType: 'ec2:Instance',
          arn: `arn:aws:ec2:${region}:${accountId}:instance/${id}`,
        }
      : [],
  );
}

/** The latest versions, as many as the depth says. */
function launchTemplates(
  ids: readonly string[],
  options: Options | undefined,
  { resources, region, accountId }: Ec2Context,
): Reference[] {
  if (!options) return [];
  return [...resources.scan<LaunchTemplateFacts>('launch-template')].flatMap(({ id, facts }) => {
    const used = new Set(facts.versions.slice(-options.depth).map(({ data }) => data.imageId));
    return ids
      .filter((imageId) => used.has(imageId))
      .map(
        (imageId): Reference => ({
          imageId,
          resourceType: 'ec2:LaunchTemplate',
          arn: `arn:aws:ec2:${region}:${accountId}:launch-template/${id}`,
        }),
      );
  });
}

function parameters(
  ids: readonly string[],
  options: Options | undefined,
  { region, accountId, parameterStore }: Ec2Context,
): Reference[] {
  if (!options) return [];
  return parameterStore
    .all({ region, accountId })
    .flatMap(({ arn, value, type }) =>
      ids
        .filter((imageId) => type !== 'SecureString' && value.split(',').includes(imageId))
        .map((imageId): Reference => ({ imageId, resourceType: 'ssm:Parameter', arn })),
    );
}
