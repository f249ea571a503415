import { list, required, string } from '../../query/shape.ts';
import { ec2Error, invalidParameterValue } from '../errors.ts';
import { filterList } from '../filters.ts';
import { operation } from '../operation.ts';
import { pageFields, pageOf, pageStart } from '../paging.ts';
import { typeOfId } from '../resource-type.ts';
import type { Resources } from '../resources.ts';
import { checkedTags, checkTagCount, tagList } from './tag-rules.ts';
import { tagsSeen } from './tags-seen.ts';

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html */
const maxResources = 1000;

export const createTags = operation({
  fields: { ResourceId: required(list(string)), Tag: required(tagList) },
  run({ ResourceId: ids, Tag: given }, { store, resources }) {
    const tags = checkedTags(given);
    checkTaggable(ids, resources);
    store.transaction(() => {
      for (const id of ids) {
        checkTagCount([...resources.tagsOf(id), ...tags].map(({ key }) => key));
        resources.setTags(id, tags);
      }
    });
    return { return: true };
  },
});

export const deleteTags = operation({
  fields: { ResourceId: required(list(string)), Tag: tagList },
  run({ ResourceId: ids, Tag: given }, { store, resources }) {
    checkTaggable(ids, resources);
    const wanted = given.map(({ Key: key = '', Value: value }) => ({ key, value }));
    if (wanted.some(({ key }) => key.startsWith('aws:'))) {
      throw invalidParameterValue("Tag keys starting with 'aws:' are reserved for internal use");
    }
    store.transaction(() => {
      for (const id of ids) {
        // Without tags in the request, all that are not AWS's own go.
        const all = () => resources.tagsOf(id).filter(({ key }) => !key.startsWith('aws:'));
        resources.removeTags(id, wanted.length > 0 ? wanted : all().map(({ key }) => ({ key })));
      }
    });
    return { return: true };
  },
});

function checkTaggable(ids: readonly string[], resources: Resources): void {
  if (ids.length > maxResources) {
    throw invalidParameterValue(`The maximum number of resources for a request is ${maxResources}.`);
  }
  for (const id of ids) {
    const type = typeOfId(id);
    if (!type) throw ec2Error('InvalidID', `The ID '${id}' is not valid`);
    resources.get(type, id);
  }
}

export const describeTags = operation({
  fields: { Filter: filterList, ...pageFields },
  run(input, context) {
    const { items, nextToken } = pageOf(tagsSeen(pageStart(input), input.Filter, context), {
      request: input,
      limits: { min: 5, max: 1000 },
      conditions: context.conditions,
      keyOf: ({ resourceId, key }) => JSON.stringify([resourceId, key]),
    });
    return {
      tagSet: {
        item: [...items].map(({ resourceId, resourceType, key, value }) => ({
          resourceId,
          resourceType,
          key,
          value,
        })),
      },
      nextToken,
    };
  },
});
