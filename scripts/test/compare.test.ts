import { access, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

test('docs/compare.md claims nothing without a test that is there', async () => {
  const text = await readFile(root('docs/compare.md'), 'utf8');
  const claims = text
    .split('\n')
    .slice(text.split('\n').indexOf('| what | test |') + 2)
    .filter((line) => line.startsWith('| '));
  expect(claims.length).toBeGreaterThan(0);
  for (const claim of claims) expect(claim).toMatch(/\| `packages\/[^`]+\.test\.ts` \|$/);
  const paths = [...text.matchAll(/`(packages\/[^`]+\.test\.ts)`/g)].map(([, path]) => path!);
  for (const path of paths) await expect(access(root(path)), path).resolves.toBeUndefined();
});
