import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { openStore } from '../../src/store/store.ts';
import { makeDirectory } from '../support/process.ts';

test('a directory given relative to the current one is absolute for whoever is given paths in it', async () => {
  await using directory = await makeDirectory();
  const path = join(directory.path, 'state');
  const store = openStore({ directory: relative(process.cwd(), path) });
  expect(store.directory).toBe(path);
  store.close();
});
