import { list, required, string, structure } from '../../query/shape.ts';
import { ec2Error, invalidParameterValue } from '../errors.ts';
import type { ResourceType } from '../resource-type.ts';
import type { Tag } from '../resources.ts';

// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions and CreateTags
const maxTags = 50;
const maxKeyLength = 127;
const maxValueLength = 256;

export const tagList = list(structure({ Key: string, Value: string }));
export const tagSpecifications = list(structure({ ResourceType: required(string), Tag: tagList }));

export interface TagInput {
  readonly Key?: string;
  readonly Value?: string;
}

/** Lengths are counted in Unicode characters. A tag without a value has an empty one. */
export function checkedTags(input: readonly TagInput[]): Tag[] {
  const seen = new Set<string>();
  return input.map(({ Key: key = '', Value: value = '' }) => {
    if (key === '') throw invalidParameterValue('Tag key cannot be null or empty.');
    if ([...key].length > maxKeyLength) {
      throw invalidParameterValue(`Tag key exceeds the maximum length of ${maxKeyLength} characters`);
    }
    if ([...value].length > maxValueLength) {
      throw invalidParameterValue(`Tag value exceeds the maximum length of ${maxValueLength} characters`);
    }
    if (/^aws:/i.test(key)) {
      throw invalidParameterValue("Tag keys starting with 'aws:' are reserved for internal use");
    }
    if (seen.has(key)) throw invalidParameterValue(`Duplicate tag key '${key}' specified.`);
    seen.add(key);
    return { key, value };
  });
}

/** AWS's own tags do not count. */
export function checkTagCount(keys: Iterable<string>): void {
  const counted = new Set([...keys].filter((key) => !key.startsWith('aws:')));
  if (counted.size > maxTags) {
    throw ec2Error('TagLimitExceeded', 'The maximum number of Tags for a resource has been reached.');
  }
}

type Specification = { readonly ResourceType: string; readonly Tag: readonly TagInput[] };

/** The same of a call that creates resources of several types: the tags of the one, once those of the others were checked too. */
export function specifiedTagsAmong(
  specifications: readonly Specification[],
  type: ResourceType,
  others: readonly string[],
): Tag[] {
  for (const other of others) {
    const ofOther = specifications.filter(({ ResourceType: given }) => given === other);
    specifiedTags(
      ofOther.map((one) => ({ ...one, ResourceType: type })),
      type,
    );
  }
  return specifiedTags(
    specifications.filter(({ ResourceType: given }) => !others.includes(given)),
    type,
  );
}

/**
 * The tags to set while creating a resource of this type.
 *
 * @throws ServiceError where they are for a resource that the call does not create
 */
export function specifiedTags(specifications: readonly Specification[], type: ResourceType): Tag[] {
  const types = specifications.map(({ ResourceType: given }) => given);
  for (const given of types) {
    if (given !== type) {
      throw invalidParameterValue(
        `'${given}' is not a valid taggable resource type for this operation. Specify a value for ResourceType, such as ${type}, and try again.`,
      );
    }
  }
  if (types.length > 1) throw invalidParameterValue(`Duplicate resource type '${type}' specified.`);
  const tags = checkedTags(specifications[0]?.Tag ?? []);
  checkTagCount(tags.map(({ key }) => key));
  return tags;
}
