import type { Store } from '../store/store.ts';
import { forever } from './resource-tables.ts';
import { checkIds, newResourceId, notFound, type ResourceType } from './resource-type.ts';

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** One resource in an account and region. `Facts` are what its type knows of it. */
export interface Resource<Facts> {
  readonly id: string;
  readonly createdAt: number;
  /** From when on describe calls see it. */
  readonly seenFrom: number;
  readonly facts: Facts;
  readonly tags: readonly Tag[];
}

/** A condition on the rows of `ec2_resource`. */
export interface Narrowing {
  readonly sql: string;
  readonly parameters: readonly string[];
}

export interface NewResource<Facts> {
  readonly facts: Facts;
  readonly tags?: readonly Tag[];
  /** Unique in its type, account and region, where given. */
  readonly name?: string;
  readonly id?: string;
  /** Milliseconds since the epoch; default now. */
  readonly createdAt?: number;
}

export interface Resources {
  insert<Facts>(type: ResourceType, resource: NewResource<Facts>): Resource<Facts>;
  /** As it is: what describe calls do not see yet is found, what is deleted is not. */
  find<Facts>(type: ResourceType, id: string): Resource<Facts> | undefined;
  /** @throws ServiceError for a malformed id or one that names nothing */
  get<Facts>(type: ResourceType, id: string): Resource<Facts>;
  findByName<Facts>(type: ResourceType, name: string): Resource<Facts> | undefined;
  setFacts<Facts>(id: string, facts: Facts): void;
  remove(id: string): void;
  /** As it was before it was removed, with its tags. */
  undelete(id: string): void;
  /** How many there are. */
  count(type: ResourceType): number;
  /** Deleted, not longer ago than an hour. */
  wasRemoved(type: ResourceType, id: string): boolean;
  setTags(id: string, tags: readonly Tag[]): void;
  /** A key without a value: whatever its value is. */
  removeTags(id: string, tags: readonly { readonly key: string; readonly value?: string }[]): void;
  /** As it is, like `find`. */
  tagsOf(id: string): Tag[];
  /** What describe calls see, in the order of ids, read piece by piece. */
  scan<Facts>(
    type: ResourceType,
    options?: { readonly after?: string; readonly narrowings?: readonly Narrowing[] },
  ): Generator<Resource<Facts>>;
  /** The states that this call sees in place of the true ones, of what concerns it: undefined for what is not there yet. */
  statesSeen<Facts>(
    type: ResourceType,
    concerns: (resource: Resource<Facts>) => boolean,
  ): ReadonlyMap<string, Resource<Facts> | undefined>;
  /** Removed, and not seen so yet. */
  goneButSeen<Facts>(type: ResourceType): readonly Resource<Facts>[];
}

export interface ResourcesOptions {
  readonly store: Store;
  readonly accountId: string;
  readonly region: string;
  readonly now: () => number;
  /** For how long describe calls do not see what is written here. */
  readonly unseenMs?: number;
}

interface Row {
  readonly id: string;
  readonly created_at: number;
  readonly seen_from: number;
  readonly facts: string;
  readonly tags: string;
}

const tombstoneMs = 60 * 60 * 1000;
const scanRows = 1000;

const isCurrent = `seen_until = ${forever}`;
const current = `SELECT id, created_at, seen_from, facts, ${tagsSeen(isCurrent)} FROM ec2_resource r
                  WHERE type = ? AND account_id = ? AND region = ? AND ${isCurrent}`;
// Put together once: a text as long as these costs more to join and look up than the row.
const currentById = `${current} AND id = ?`;
const currentByName = `${current} AND name = ?`;

function tagsSeen(at: string): string {
  return `(SELECT json_group_array(json_object('key', key, 'value', value)) FROM ec2_tag
            WHERE resource_id = r.id AND ${at}) AS tags`;
}

/** Whether there is such a resource, in whatever account and region. */
export function isPresent(store: Store, id: string): boolean {
  return store.get(`SELECT 1 FROM ec2_resource WHERE id = ? AND seen_until = ${forever}`, [id]) !== undefined;
}

/** What is known of a resource, in whatever account and region. */
export function findFacts<Facts>(store: Store, type: ResourceType, id: string): Facts | undefined {
  const row = store.get<Pick<Row, 'facts'>>(
    `SELECT facts FROM ec2_resource WHERE id = ? AND type = ? AND seen_until = ${forever}`,
    [id, type],
  );
  return row && (JSON.parse(row.facts) as Facts);
}

/** The account that a resource belongs to, gone or not. */
export function ownerOf(
  store: Store,
  { id, type, region }: { readonly id: string; readonly type: ResourceType; readonly region: string },
): string | undefined {
  return store.get<{ owner: string }>(
    'SELECT account_id AS owner FROM ec2_resource WHERE id = ? AND type = ? AND region = ?',
    [id, type, region],
  )?.owner;
}

export function openResources({ store, accountId, region, now, unseenMs = 0 }: ResourcesOptions): Resources {
  const seenFrom = () => now() + unseenMs;

  function addTag(id: string, { key, value }: Tag, from = seenFrom()): void {
    store.run(
      'INSERT OR REPLACE INTO ec2_tag (resource_id, key, value, seen_from, seen_until) VALUES (?, ?, ?, ?, ?)',
      [id, key, value, from, forever],
    );
  }

  function putTag(id: string, tag: Tag): void {
    dropTag(id, { key: tag.key });
    addTag(id, tag);
  }

  function dropTag(id: string, { key, value }: { readonly key: string; readonly value?: string }): void {
    const ofThisKey = 'resource_id = ? AND key = ?';
    store.run(
      `UPDATE ec2_tag SET seen_until = ? WHERE ${ofThisKey} AND seen_until = ${forever} AND value = ifnull(?, value)`,
      [seenFrom(), id, key, value ?? null],
    );
    store.run(`DELETE FROM ec2_tag WHERE ${ofThisKey} AND seen_until <= ?`, [id, key, now()]);
  }

  const resources: Resources = {
    // Before any lag: what is, is seen.
    statesSeen: () => new Map(),
    goneButSeen: () => [],
    insert(type, { facts, tags = [], name, id = newResourceId(type), createdAt = now() }) {
      const seenFrom = createdAt + unseenMs;
      store.transaction(() => {
        store.run(
          `INSERT INTO ec2_resource (id, type, account_id, region, name, created_at, facts, seen_from, seen_until)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          [id, type, accountId, region, name ?? null, createdAt, JSON.stringify(facts), seenFrom, forever],
        );
        for (const tag of tags) addTag(id, tag, seenFrom);
      });
      return { id, createdAt, seenFrom, facts, tags };
    },
    find<Facts>(type: ResourceType, id: string) {
      const row = store.get<Row>(currentById, [type, accountId, region, id]);
      return row && parseRow<Facts>(row);
    },
    get<Facts>(type: ResourceType, id: string) {
      checkIds(type, [id]);
      const resource = resources.find<Facts>(type, id);
      if (!resource) throw notFound(type, [id]);
      return resource;
    },
    findByName<Facts>(type: ResourceType, name: string) {
      const row = store.get<Row>(currentByName, [type, accountId, region, name]);
      return row && parseRow<Facts>(row);
    },
    setFacts(id, facts) {
      store.run('UPDATE ec2_resource SET facts = ? WHERE id = ?', [JSON.stringify(facts), id]);
    },
    remove(id) {
      store.transaction(() => {
        const until = seenFrom();
        store.run('UPDATE ec2_resource SET seen_until = ? WHERE id = ?', [until, id]);
        store.run(`UPDATE ec2_tag SET seen_until = ? WHERE resource_id = ? AND seen_until = ${forever}`, [
          until,
          id,
        ]);
        store.run('DELETE FROM ec2_recycle_bin WHERE exits_at <= ?', [now()]);
        store.run(
          `DELETE FROM ec2_resource WHERE seen_until < ${forever} AND seen_until < ?
              AND id NOT IN (SELECT id FROM ec2_recycle_bin)`,
          [now() - tombstoneMs],
        );
      });
    },
    undelete(id) {
      store.transaction(() => {
        store.run(
          `UPDATE ec2_tag SET seen_until = ${forever}
            WHERE resource_id = ? AND seen_until = (SELECT seen_until FROM ec2_resource WHERE id = ?)`,
          [id, id],
        );
        store.run(`UPDATE ec2_resource SET seen_until = ${forever} WHERE id = ?`, [id]);
      });
    },
    count(type) {
      return store.get<{ count: number }>(
        `SELECT count(*) AS count FROM ec2_resource
          WHERE type = ? AND account_id = ? AND region = ? AND seen_until = ${forever}`,
        [type, accountId, region],
      )!.count;
    },
    wasRemoved(type, id) {
      return (
        store.get('SELECT 1 FROM ec2_resource WHERE id = ? AND type = ? AND account_id = ? AND region = ?', [
          id,
          type,
          accountId,
          region,
        ]) !== undefined && !resources.find(type, id)
      );
    },
    setTags(id, tags) {
      store.transaction(() => {
        for (const tag of tags) putTag(id, tag);
      });
    },
    removeTags(id, tags) {
      store.transaction(() => {
        for (const tag of tags) dropTag(id, tag);
      });
    },
    tagsOf(id) {
      return store.all<Tag>(
        `SELECT key, value FROM ec2_tag WHERE resource_id = ? AND seen_until = ${forever}`,
        [id],
      );
    },
    *scan<Facts>(
      type: ResourceType,
      { after = '', narrowings = [] }: { after?: string; narrowings?: readonly Narrowing[] } = {},
    ) {
      const seen = 'seen_from <= ? AND seen_until > ?';
      const conditions = ['type = ? AND account_id = ? AND region = ? AND id > ?', seen];
      const sql =
        `SELECT id, created_at, seen_from, facts, ${tagsSeen(seen)} FROM ec2_resource r WHERE ` +
        `${[...conditions, ...narrowings.map(({ sql }) => sql)].join(' AND ')} ORDER BY id LIMIT ${scanRows}`;
      for (let last = after; ; ) {
        const at = now();
        const rows = store.all<Row>(sql, [
          at,
          at,
          type,
          accountId,
          region,
          last,
          at,
          at,
          ...narrowings.flatMap(({ parameters }) => parameters),
        ]);
        for (const row of rows) yield parseRow<Facts>(row);
        if (rows.length < scanRows) return;
        last = rows.at(-1)!.id;
      }
    },
  };
  return resources;
}

function parseRow<Facts>({ id, created_at, seen_from, facts, tags }: Row): Resource<Facts> {
  return {
    id,
    createdAt: created_at,
    seenFrom: seen_from,
    facts: JSON.parse(facts),
    tags: JSON.parse(tags),
  };
}
