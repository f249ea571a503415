import fc from 'fast-check';
import { expect, test } from 'vitest';
import { collect, type Page, type Place, successor } from '../../src/s3/listing/collect.ts';

interface Row {
  readonly key: string;
  readonly id: number;
}

const byKey = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** A table in order of key and id, and how often it was read. */
function table(keys: readonly string[]) {
  const rows = keys.map((key, id): Row => ({ key, id })).sort((a, b) => byKey(a.key, b.key) || a.id - b.id);
  let looks = 0;
  function fetch(from: Place<number>, limit: number): Row[] {
    looks += 1;
    const found = rows.filter((row) => {
      if ('at' in from) return byKey(row.key, from.at) >= 0;
      const order = byKey(row.key, from.after);
      return order > 0 || (order === 0 && from.id !== undefined && row.id > from.id);
    });
    return found.slice(0, limit);
  }
  return { rows, fetch, looks: () => looks };
}

function names(pages: readonly Page<Row>[]): string[] {
  return pages.flatMap(({ rows, commonPrefixes }) => [...rows.map(({ key }) => key), ...commonPrefixes]);
}

/** Page after page, as a client asks for them. */
function allPages(walk: { prefix: string; delimiter: string; limit: number }, keys: readonly string[]) {
  const { rows, fetch } = table(keys);
  const pages: Page<Row>[] = [];
  let after: Place<number> | undefined;
  for (;;) {
    const page = collect<Row, number>({ ...walk, after, fetch, idOf: ({ id }) => id });
    pages.push(page);
    if (!page.truncated) return { rows, pages };
    const { last } = page;
    if (!last) throw new Error('a page that is cut has a last thing on it');
    after = 'row' in last ? { after: last.row.key, id: last.row.id } : { after: last.commonPrefix };
  }
}

const key = fc.string({
  unit: fc.constantFrom('a', 'b', '/', 'é', '\u{10ffff}', '\ud7ff'),
  minLength: 1,
  maxLength: 5,
});

test('the pages together tell of every key once, under its common prefix or by itself, and are full', () => {
  const walk = fc.record({
    prefix: fc.constantFrom('', 'a', 'a/', '/', 'b/a'),
    delimiter: fc.constantFrom('', '/', 'a/'),
    limit: fc.integer({ min: 1, max: 4 }),
  });
  fc.assert(
    fc.property(walk, fc.array(key, { maxLength: 20 }), (walk, keys) => {
      const { pages } = allPages(walk, keys);
      const expected = keys
        .filter((key) => key.startsWith(walk.prefix))
        .map((key) => {
          const at = walk.delimiter ? key.indexOf(walk.delimiter, walk.prefix.length) : -1;
          return at < 0 ? { key } : { rolled: key.slice(0, at + walk.delimiter.length) };
        });
      const rolled = new Set(expected.flatMap((entry) => entry.rolled ?? []));
      const plain = expected.flatMap((entry) => entry.key ?? []);
      expect(names(pages).sort(byKey)).toEqual([...plain, ...rolled].sort(byKey));
      const sizes = pages.map(({ rows, commonPrefixes }) => rows.length + commonPrefixes.length);
      expect(sizes.slice(0, -1).every((size) => size === walk.limit)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('a common prefix of many keys costs one look more, not one a key', () => {
  const keys = Array.from({ length: 5000 }, (_, n) => `deep/${n}`);
  const { fetch, looks } = table([...keys, 'z']);
  const page = collect<Row, number>({ prefix: '', delimiter: '/', limit: 1000, fetch });
  expect(names([page])).toEqual(['z', 'deep/']);
  expect(looks()).toBe(2);
});

test('a page of nothing asks for no more', () => {
  const page = collect<Row, number>({ prefix: '', delimiter: '', limit: 0, fetch: table(['a']).fetch });
  expect(page).toEqual({ rows: [], commonPrefixes: [], truncated: false });
});

test('the successor is behind everything with the prefix, and before everything else that is', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', '\u{10ffff}', '\ud7ff', '\ue000', '\uffff'),
    maxLength: 4,
  });
  fc.assert(
    fc.property(text, text, text, (prefix, rest, other) => {
      const next = successor(prefix);
      if (next === undefined) {
        expect([...prefix].every((character) => character === '\u{10ffff}')).toBe(true);
        return;
      }
      expect(byKey(prefix + rest, next)).toBeLessThan(0);
      if (byKey(other, prefix) > 0 && !other.startsWith(prefix))
        expect(byKey(other, next)).toBeGreaterThanOrEqual(0);
    }),
  );
});
