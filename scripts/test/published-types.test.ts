import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { wrongTypes } from './packed/published-package.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('what is published has the types that it runs with', { timeout: 300_000 }, async () => {
  // `npm test` has built them already: then this says so at once.
  await execa('pnpm', ['exec', 'turbo', 'run', 'build', '--filter=./packages/*'], { cwd: root });
  const names = readdirSync(join(root, 'packages'));
  const found: Record<string, unknown> = {};
  for (const name of names) found[name] = await wrongTypes(join(root, 'packages', name));
  expect(names.length).toBeGreaterThan(20);
  expect(found).toEqual(Object.fromEntries(names.map((name) => [name, []])));
});

test('types that nobody finds are wrong', async ({ onTestFinished }) => {
  const directory = mkdtempSync(join(tmpdir(), 'ec2-image-types-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, 'dist'));
  const manifest = { name: 'untyped', version: '1.0.0', type: 'module', exports: { '.': './dist/index.js' } };
  writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(directory, 'dist/index.js'), 'export const one = 1;\n');
  writeFileSync(join(directory, 'dist/types.d.ts'), 'export declare const one = 1;\n');
  expect(await wrongTypes(directory)).toMatchObject([
    { kind: 'UntypedResolution' },
    { kind: 'UntypedResolution' },
  ]);
});
