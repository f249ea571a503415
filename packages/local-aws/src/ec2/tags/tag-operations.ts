import { list, required, string } from '../../query/shape.ts';
import { ec2Error, invalidParameterValue } from '../errors.ts';
import { columnNarrowing, compileFilters, type Filter, filterList } from '../filters.ts';
import { type Ec2Context, operation } from '../operation.ts';
import { pageFields, pageOf, pageStart } from '../paging.ts';
import { notFound, typeOfId } from '../resource-type.ts';
import type { Resources, Tag } from '../resources.ts';
import { checkedTags, checkTagCount, tagList } from './tag-rules.ts';

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
    if (!resources.find(type, id)) throw notFound(type, [id]);
  }
}

interface TagOfResource extends Tag {
  readonly resourceId: string;
  readonly resourceType: string;
}

export const describeTags = operation({
  fields: { Filter: filterList, ...pageFields },
  run(input, context) {
    const { items, nextToken } = pageOf(tagsFrom(pageStart(input), input.Filter, context), {
      request: input,
      limits: { min: 5, max: 1000 },
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

const tagRows = 1000;

function* tagsFrom(
  start: string,
  filters: readonly Filter[],
  { store, accountId, region, now }: Ec2Context,
): Generator<TagOfResource> {
  const { matches, narrowings } = compileFilters(
    filters,
    {
      key: ({ key }: TagOfResource & { tags: Tag[] }) => key,
      value: ({ value }) => value,
      'resource-id': ({ resourceId }) => resourceId,
      'resource-type': ({ resourceType }) => resourceType,
    },
    { 'resource-id': columnNarrowing('t.resource_id') },
  );
  const conditions = narrowings.map(({ sql }) => `AND ${sql}`).join(' ');
  let [id, key] = start === '' ? ['', ''] : (JSON.parse(start) as [string, string]);
  for (;;) {
    const at = now();
    const rows = store.all<TagOfResource>(
      `SELECT t.resource_id AS resourceId, r.type AS resourceType, t.key, t.value
         FROM ec2_tag t JOIN ec2_resource r ON r.id = t.resource_id
        WHERE (t.resource_id, t.key) > (?, ?) AND r.account_id = ? AND r.region = ?
          AND t.seen_from <= ? AND t.seen_until > ? AND r.seen_from <= ? AND r.seen_until > ? ${conditions}
        ORDER BY t.resource_id, t.key LIMIT ${tagRows}`,
      [id, key, accountId, region, at, at, at, at, ...narrowings.flatMap(({ parameters }) => parameters)],
    );
    for (const row of rows) if (matches({ ...row, tags: [row] })) yield row;
    if (rows.length < tagRows) return;
    ({ resourceId: id, key } = rows.at(-1)!);
  }
}
