import type { CallConditions } from '../conditions/conditions.ts';
import { compileFilters, type Filter, type FilterableFields, type NarrowingFields } from './filters.ts';
import { withStatesSeen } from './lagging-resources.ts';
import { type Page, type PageLimits, type PageRequest, pageOf, pageStart } from './paging.ts';
import { checkIds, notFound, type ResourceType } from './resource-type.ts';
import type { Narrowing, Resource, Resources } from './resources.ts';

export interface Listing<Facts> {
  readonly resources: Resources;
  readonly type: ResourceType;
  readonly ids: readonly string[];
  readonly filters: readonly Filter[];
  readonly fields: FilterableFields<Resource<Facts>>;
  readonly narrowingFields?: NarrowingFields;
  /** What the call leaves out before any filter, such as resources of other owners. */
  readonly isWanted?: (resource: Resource<Facts>) => boolean;
  readonly request: PageRequest;
  readonly limits: PageLimits;
  readonly conditions: CallConditions;
}

/**
 * A page of the resources that describe calls see.
 *
 * @throws ServiceError where one that was asked for by id is malformed or not to be seen
 */
export function listResources<Facts>(listing: Listing<Facts>): Page<Resource<Facts>> {
  const { resources, type, ids, fields, narrowingFields, isWanted = () => true } = listing;
  const { request, limits, conditions } = listing;
  const { matches, narrowings } = compileFilters(listing.filters, fields, narrowingFields);
  const after = pageStart(request);
  checkIds(type, ids);
  const byId = ids.length === 0 ? [] : [idNarrowing(ids)];
  const isAskedFor = ({ id }: Resource<Facts>) => ids.length === 0 || ids.includes(id);
  const states = resources.statesSeen<Facts>(
    type,
    (resource) => isAskedFor(resource) && (ids.length > 0 || matches(resource)),
  );
  if (ids.length > 0) {
    const rows = resources.scan<Facts>(type, { narrowings: byId });
    const seen = new Set([...withStatesSeen(rows, { states, after: '' })].map(({ id }) => id));
    const missing = ids.filter((id) => !seen.has(id));
    if (missing.length > 0) throw notFound(type, missing);
  }
  const matching = selected<Facts>(
    withStatesSeen(resources.scan(type, { after, narrowings: [...byId, ...narrowings] }), { states, after }),
    (resource) => isAskedFor(resource) && isWanted(resource) && matches(resource),
  );
  return pageOf(matching, { request, limits, conditions, keyOf: ({ id }) => id });
}

function idNarrowing(ids: readonly string[]): Narrowing {
  return { sql: 'id IN (SELECT value FROM json_each(?))', parameters: [JSON.stringify(ids)] };
}

function* selected<Facts>(
  all: Iterable<Resource<Facts>>,
  isSelected: (resource: Resource<Facts>) => boolean,
): Generator<Resource<Facts>> {
  for (const resource of all) if (isSelected(resource)) yield resource;
}

/** The answer's list, rendered item by item. */
export function* rendered<T, R>(items: Iterable<T>, render: (item: T) => R): Generator<R> {
  for (const item of items) yield render(item);
}
