import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, expect } from 'vitest';
import { openStore, type Store } from '../../src/store/store.ts';

// biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
const test = base.extend('store', async ({}, { onCleanup }) => {
  const store = openStore({ directory: await mkdtemp(join(tmpdir(), 'local-aws-store-')) });
  onCleanup(async () => {
    await store.blobs.idle();
    store.close();
    await rm(store.directory, { recursive: true });
  });
  return store;
});

async function written({ blobs }: Store, text: string) {
  const writer = await blobs.create();
  await writer.file.write(Buffer.from(text.slice(0, 2)));
  await writer.file.write(Buffer.from(text.slice(2)));
  await writer.finish();
  return writer;
}

async function purged({ blobs }: Store) {
  blobs.purge();
  await blobs.idle();
}

test('a claimed file stays, through purges and restarts', async ({ store }) => {
  const { id } = await written(store, 'content');
  store.transaction(() => store.blobs.claim(id));
  await purged(store);
  const other = openStore({ directory: store.directory });
  other.blobs.purge();
  await other.blobs.idle();
  expect(await readFile(other.blobs.path(id), 'utf8')).toBe('content');
  other.close();
});

test('one that was let go is unlinked, but not under its readers', async ({ store }) => {
  const { id } = await written(store, 'content');
  store.transaction(() => store.blobs.claim(id));
  const stop = store.blobs.hold([id]);
  store.transaction(() => store.blobs.release(id));
  await purged(store);
  expect(existsSync(store.blobs.path(id))).toBe(true);
  stop();
  await store.blobs.idle();
  expect(existsSync(store.blobs.path(id))).toBe(false);
});

test('one that is still being written is nobody else’s to unlink', async ({ store }) => {
  const { id } = await written(store, 'content');
  await purged(store);
  expect(existsSync(store.blobs.path(id))).toBe(true);
});

test('what a killed process left half written goes when its time is over, and cannot be claimed then', async ({
  store,
}) => {
  const { id } = await written(store, 'content');
  store.run('UPDATE loose_blob SET expires_at = ? WHERE id = ?', [Date.now() - 1, id]);
  expect(() => store.transaction(() => store.blobs.claim(id))).toThrow('given up');
  await purged(store);
  expect(existsSync(store.blobs.path(id))).toBe(false);
});

test('a discarded file is gone', async ({ store }) => {
  const writer = await written(store, 'content');
  await writer.discard();
  expect(existsSync(store.blobs.path(writer.id))).toBe(false);
  expect(store.all('SELECT * FROM loose_blob')).toEqual([]);
});

test('a transaction that fails takes its claims back', async ({ store }) => {
  const { id } = await written(store, 'content');
  expect(() =>
    store.transaction(() => {
      store.blobs.claim(id);
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(store.all('SELECT id FROM loose_blob')).toEqual([{ id }]);
});
