import { globSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);

test('CONTRIBUTING.md says of every package what it is for', () => {
  const [, layout] = /^## Layout\n(.*?)^## /ms.exec(readFileSync(new URL('CONTRIBUTING.md', root), 'utf8'))!;
  const names = globSync('packages/*/package.json', { cwd: root }).map(
    (path) => dirname(path).split('/')[1]!,
  );
  expect(names.filter((name) => !new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(layout!))).toEqual([]);
});

test.each(globSync('packages/*/package.json', { cwd: root }))(
  '%s: a README that shows the package',
  (manifest) => {
    const { name } = JSON.parse(readFileSync(new URL(manifest, root), 'utf8'));
    const readme = readFileSync(new URL(`${dirname(manifest)}/README.md`, root), 'utf8');
    expect(readme.split('\n')[0]).toBe(`# ${name}`);
    expect(readme).toMatch(/^```(ts|sh)$/m);
  },
);
