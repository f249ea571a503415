import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, expect } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';

// biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
const test = base.extend('open', async ({}, { onCleanup }) => {
  const directory = await mkdtemp(join(tmpdir(), 'local-aws-store-'));
  onCleanup(() => rm(directory, { recursive: true }));
  return () => openDatabase({ path: join(directory, 'state.sqlite'), fsync: false });
});
const table = ['CREATE TABLE thing (name TEXT PRIMARY KEY, size INTEGER)'];

test('what one connection commits another one sees, at once', ({ open }) => {
  const [one, other] = [open(), open()];
  one.migrate('things', table);
  other.migrate('things', table);
  one.run('INSERT INTO thing VALUES (:name, :size)', { name: 'a', size: 1 });
  expect(other.all('SELECT name, size FROM thing')).toEqual([{ name: 'a', size: 1 }]);
  one.close();
  other.close();
});

test('a transaction that throws leaves nothing, and an inner one belongs to the outer', ({ open }) => {
  const database = open();
  database.migrate('things', table);
  const insert = (name: string) => database.run('INSERT INTO thing VALUES (?, 0)', [name]);
  expect(() =>
    database.transaction(() => {
      insert('a');
      database.transaction(() => insert('b'));
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(database.all('SELECT * FROM thing')).toEqual([]);
  expect(database.transaction(() => insert('c'))).toBe(1);
  expect(database.get('SELECT name FROM thing')).toEqual({ name: 'c' });
  database.close();
});

test('each step of a migration runs once, whoever comes first', ({ open }) => {
  const older = open();
  older.migrate('things', table);
  older.run("INSERT INTO thing VALUES ('kept', 1)");
  const newer = open();
  newer.migrate('things', [...table, 'ALTER TABLE thing ADD COLUMN colour TEXT']);
  newer.migrate('things', [...table, 'ALTER TABLE thing ADD COLUMN colour TEXT']);
  expect(newer.get('SELECT * FROM thing')).toEqual({ name: 'kept', size: 1, colour: null });
  older.close();
  newer.close();
});

test('one that is half done is not done: a migration that fails is undone', ({ open }) => {
  const database = open();
  expect(() => database.migrate('things', [...table, 'CREATE NONSENSE'])).toThrow();
  database.migrate('things', table);
  expect(database.run("INSERT INTO thing VALUES ('a', 1)")).toBe(1);
  database.close();
});
