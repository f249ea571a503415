import { globSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);

test.each(globSync('packages/*/package.json', { cwd: root }))(
  '%s: a README that shows the package',
  (manifest) => {
    const { name } = JSON.parse(readFileSync(new URL(manifest, root), 'utf8'));
    const readme = readFileSync(new URL(`${dirname(manifest)}/README.md`, root), 'utf8');
    expect(readme.split('\n')[0]).toBe(`# ${name}`);
    expect(readme).toMatch(/^```(ts|sh)$/m);
  },
);
