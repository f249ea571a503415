import { columnNarrowing, compileFilters, type Filter } from '../filters.ts';
import type { Ec2Context } from '../operation.ts';
import { type ResourceType, resourceTypes } from '../resource-type.ts';
import type { Resource, Tag } from '../resources.ts';

export interface TagOfResource extends Tag {
  readonly resourceId: string;
  readonly resourceType: string;
}

/** What DescribeTags sees, in the order of ids and keys, after the pair that a page ended with. */
export function* tagsSeen(
  start: string,
  filters: readonly Filter[],
  context: Ec2Context,
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
  const isMatching = (tag: TagOfResource) => matches({ ...tag, tags: [tag] });
  const after: Pair = start === '' ? ['', ''] : (JSON.parse(start) as Pair);
  const states = new Map(resourceTypes.flatMap((type) => statesOf(type, isMatching, context)));
  const waiting = [...states.values()]
    .flat()
    .filter((tag) => isMatching(tag) && comparePairs(pairOf(tag), after) > 0)
    .sort((one, other) => comparePairs(pairOf(one), pairOf(other)));
  for (const row of trueTags(after, narrowings, context)) {
    while (waiting[0] && comparePairs(pairOf(waiting[0]), pairOf(row)) < 0) yield waiting.shift()!;
    if (!states.has(row.resourceId) && isMatching(row)) yield row;
  }
  yield* waiting;
}

type Pair = readonly [id: string, key: string];

function pairOf({ resourceId, key }: TagOfResource): Pair {
  return [resourceId, key];
}

function comparePairs(one: Pair, other: Pair): number {
  const [first, second] = one[0] === other[0] ? [one[1], other[1]] : [one[0], other[0]];
  return first < second ? -1 : Number(first > second);
}

/** Of the resources whose true tags are not seen yet: those that are. */
function statesOf(
  type: ResourceType,
  isMatching: (tag: TagOfResource) => boolean,
  { resources }: Ec2Context,
): [string, TagOfResource[]][] {
  const ofResource = ({ id, tags }: Resource<unknown>) =>
    tags.map((tag) => ({ ...tag, resourceId: id, resourceType: type }));
  const states = resources.statesSeen(type, (resource) => ofResource(resource).some(isMatching));
  return [...states].map(([id, state]) => [id, state ? ofResource(state) : []]);
}

const tagRows = 1000;

function* trueTags(
  after: Pair,
  narrowings: readonly { readonly sql: string; readonly parameters: readonly string[] }[],
  { store, accountId, region, now }: Ec2Context,
): Generator<TagOfResource> {
  const conditions = narrowings.map(({ sql }) => `AND ${sql}`).join(' ');
  for (let [id, key] = after; ; ) {
    const at = now();
    const rows = store.all<TagOfResource>(
      `SELECT t.resource_id AS resourceId, r.type AS resourceType, t.key, t.value
         FROM ec2_tag t JOIN ec2_resource r ON r.id = t.resource_id
        WHERE (t.resource_id, t.key) > (?, ?) AND r.account_id = ? AND r.region = ?
          AND t.seen_from <= ? AND t.seen_until > ? AND r.seen_from <= ? AND r.seen_until > ? ${conditions}
        ORDER BY t.resource_id, t.key LIMIT ${tagRows}`,
      [id, key, accountId, region, at, at, at, at, ...narrowings.flatMap(({ parameters }) => parameters)],
    );
    yield* rows;
    if (rows.length < tagRows) return;
    ({ resourceId: id, key } = rows.at(-1)!);
  }
}
