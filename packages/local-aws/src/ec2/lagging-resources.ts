import type { CallConditions } from '../conditions/conditions.ts';
import { notFound, type ResourceType, typeOfId } from './resource-type.ts';
import type { Resource, Resources } from './resources.ts';

/** The resources of an account and region as a call sees them. */
export function asSeenBy(
  resources: Resources,
  {
    conditions: { lag },
    accountId,
    region,
    isRead,
  }: {
    readonly conditions: Pick<CallConditions, 'lag'>;
    readonly accountId: string;
    readonly region: string;
    /** Whether it shows what is: then old states show. A call that changes something goes by what is there. */
    readonly isRead: boolean;
  },
): Resources {
  if (!lag) return resources;
  return laggingResources(resources, {
    lag,
    place: `${accountId} ${region}`,
    isRead,
  });
}

/**
 * Resources as one call sees them where reads lag behind writes: what it changes others do not see for a few reads, and
 * it does not see what others changed just now. What decides whether names and tokens are free goes by the truth.
 */
function laggingResources(
  resources: Resources,
  {
    lag,
    place,
    isRead,
  }: { readonly lag: NonNullable<CallConditions['lag']>; readonly place: string; readonly isRead: boolean },
): Resources {
  const { writes, reads } = lag;
  // To itself a call is consistent.
  const own = new Set<string>();
  const placeOf = (type: ResourceType) => `${type} ${place}`;

  function note(id: string): void {
    const type = typeOfId(id);
    if (!type || own.has(id)) return;
    writes.note(placeOf(type), id, { before: resources.find(type, id), reads });
    own.add(id);
  }

  function stateSeen(type: ResourceType, id: string): { readonly before: unknown } | undefined {
    const states = writes.states(placeOf(type));
    return own.has(id) || !states.has(id) ? undefined : { before: states.get(id) };
  }

  return {
    ...resources,
    insert(type, resource) {
      const made = resources.insert(type, resource);
      own.add(made.id);
      writes.note(placeOf(type), made.id, { before: undefined, reads });
      return made;
    },
    setFacts(id, facts) {
      note(id);
      resources.setFacts(id, facts);
    },
    remove(id) {
      note(id);
      resources.remove(id);
    },
    setTags(id, tags) {
      note(id);
      resources.setTags(id, tags);
    },
    removeTags(id, tags) {
      note(id);
      resources.removeTags(id, tags);
    },
    get<Facts>(type: ResourceType, id: string) {
      const seen = stateSeen(type, id);
      if (seen) {
        writes.spend(placeOf(type), id);
        if (seen.before === undefined) throw notFound(type, [id]);
        if (isRead) return seen.before as Resource<Facts>;
      }
      return resources.get<Facts>(type, id);
    },
    statesSeen<Facts>(type: ResourceType, concerns: (resource: Resource<Facts>) => boolean) {
      const all = writes.states(placeOf(type)) as ReadonlyMap<string, Resource<Facts> | undefined>;
      const seen = [...all].filter(([id, before]) =>
        [before, resources.find<Facts>(type, id)].some((state) => state !== undefined && concerns(state)),
      );
      for (const [id] of seen) writes.spend(placeOf(type), id);
      return new Map(seen);
    },
    goneButSeen<Facts>(type: ResourceType) {
      const states = [...writes.states(placeOf(type)).values()] as (Resource<Facts> | undefined)[];
      const gone = states.filter((state) => state !== undefined && !resources.find(type, state.id));
      return gone as Resource<Facts>[];
    },
  };
}

/** The rows, in the order of ids and after one of them, with the states that are seen in their place. */
export function* withStatesSeen<Facts>(
  rows: Iterable<Resource<Facts>>,
  {
    states,
    after,
  }: { readonly states: ReadonlyMap<string, Resource<Facts> | undefined>; readonly after: string },
): Generator<Resource<Facts>> {
  const waiting = [...states.values()]
    .filter((state) => state !== undefined && state.id > after)
    .sort((one, other) => (one!.id < other!.id ? -1 : 1)) as Resource<Facts>[];
  for (const row of rows) {
    while (waiting[0] && waiting[0].id < row.id) yield waiting.shift()!;
    if (!states.has(row.id)) yield row;
  }
  yield* waiting;
}
