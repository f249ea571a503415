/** From where a list continues: at a key, after everything under it, or after one of several entries under it. */
export type Place<Id = never> = { readonly at: string } | { readonly after: string; readonly id?: Id };

export interface Walk<Row extends Named, Id = never> {
  readonly prefix: string;
  /** Empty for none. */
  readonly delimiter: string;
  readonly limit: number;
  /** Where the page before ended. */
  readonly after?: Place<Id> | undefined;
  /** In the order of the list, from a place on; fewer than asked for only at the end. */
  readonly fetch: (from: Place<Id>, limit: number) => readonly Row[];
  /** What tells a row from others of its key, where a key has several. */
  readonly idOf?: (row: Row) => Id;
}

interface Named {
  readonly key: string;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly commonPrefixes: readonly string[];
  readonly truncated: boolean;
  /** The last entry of the page, a row or a common prefix. */
  readonly last?: { readonly row: Row } | { readonly commonPrefix: string };
}

/**
 * One page of a list as S3 has them all: rows under a prefix, those with the delimiter behind it rolled up into common
 * prefixes, both counted. However many keys a common prefix stands for, it costs one look behind them.
 */
export function collect<Row extends Named, Id = never>(walk: Walk<Row, Id>): Page<Row> {
  const { prefix, delimiter, limit, fetch, idOf } = walk;
  const rows: Row[] = [];
  const commonPrefixes: string[] = [];
  let last: Page<Row>['last'];
  let place: Place<Id> | undefined = start(walk);
  while (place) {
    const wanted = limit + 1 - rows.length - commonPrefixes.length;
    const fetched = fetch(place, wanted);
    place = undefined;
    let rolledUp: string | undefined;
    for (const row of fetched) {
      if (rolledUp !== undefined && row.key.startsWith(rolledUp)) continue;
      if (!row.key.startsWith(prefix))
        return { rows, commonPrefixes, truncated: false, ...(last && { last }) };
      if (rows.length + commonPrefixes.length === limit) {
        return { rows, commonPrefixes, truncated: limit > 0, ...(last && { last }) };
      }
      rolledUp = commonPrefixOf(row.key, { prefix, delimiter });
      if (rolledUp === undefined) {
        rows.push(row);
        last = { row };
      } else {
        commonPrefixes.push(rolledUp);
        last = { commonPrefix: rolledUp };
      }
    }
    if (fetched.length === wanted) {
      const row = fetched.at(-1)!;
      place = rolledUp === undefined ? { after: row.key, ...(idOf && { id: idOf(row) }) } : behind(rolledUp);
    }
  }
  return { rows, commonPrefixes, truncated: false, ...(last && { last }) };
}

function start<Row extends Named, Id>({ prefix, delimiter, after }: Walk<Row, Id>): Place<Id> | undefined {
  const key = after && ('at' in after ? after.at : after.after);
  if (after === undefined || key === undefined || key < prefix) return { at: prefix };
  // A page that ended on or inside a common prefix has listed it: its other keys add nothing.
  const told = commonPrefixOf(key, { prefix, delimiter });
  return told === undefined ? after : behind(told);
}

function behind(prefix: string): { readonly at: string } | undefined {
  const at = successor(prefix);
  return at === undefined ? undefined : { at };
}

export function commonPrefixOf(
  key: string,
  { prefix, delimiter }: { prefix: string; delimiter: string },
): string | undefined {
  if (delimiter === '' || !key.startsWith(prefix)) return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

const lastCodePoint = 0x10ffff;

/** The first text, by code points, behind all that begin with the prefix; undefined if nothing can come behind them. */
export function successor(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0)!);
  while (points.length > 0) {
    const point = points.pop()!;
    // Between the surrogates, which stand for no character of their own, there is nothing.
    if (point < lastCodePoint) return String.fromCodePoint(...points, point === 0xd7ff ? 0xe000 : point + 1);
  }
  return undefined;
}
