import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

test('actions of the workflows are pinned by commit, with their version beside it', () => {
  const workflows = readdirSync(new URL('.github/workflows/', root));
  const uses = workflows.flatMap((file) => read(`.github/workflows/${file}`).match(/^.*\buses:.*$/gm) ?? []);
  expect(uses.length).toBeGreaterThan(0);
  for (const line of uses) expect(line).toMatch(/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

test('the base image is the version that the project is developed on', () => {
  expect(read('Containerfile')).toContain(`ARG BASE=node:${read('.node-version').trim()}-slim\n`);
});
