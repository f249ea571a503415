import { readdirSync, readFileSync } from 'node:fs';
import { validateWorkflow } from '@action-validator/core';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

test('actions of the workflows are pinned by commit, with their version beside it', () => {
  const workflows = readdirSync(new URL('.github/workflows/', root)).map(
    (file) => `.github/workflows/${file}`,
  );
  const uses = [...workflows, 'deploy/github-matrix.yaml'].flatMap(
    (file) => read(file).match(/^.*\buses:.*$/gm) ?? [],
  );
  expect(uses.length).toBeGreaterThan(0);
  for (const line of uses) expect(line).toMatch(/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

test.each(readdirSync(new URL('.github/workflows/', root)))('%s is a workflow that GitHub reads', (file) => {
  expect(validateWorkflow(read(`.github/workflows/${file}`))).toMatchObject({ errors: [] });
});

const developedOn = read('.node-version').trim();

test('the base image is the version that the project is developed on', () => {
  const [, version] = /^ARG BASE=node:([\d.]+)-slim(?:@sha256:[0-9a-f]{64})?$/m.exec(read('Containerfile'))!;
  expect(version).toBe(developedOn);
});

test('CI tests on the version that the project is developed on, and on the oldest that the command takes', () => {
  const { engines } = JSON.parse(read('packages/cli/package.json'));
  const oldest = `${engines.node.replace('>=', '')}.0`;
  const { jobs } = parse(read('.github/workflows/ci.yml'));
  expect(jobs.test.strategy.matrix.node).toEqual([developedOn, oldest]);
});

test('what is deployed is this version', () => {
  const { version } = JSON.parse(read('packages/cli/package.json'));
  const files = readdirSync(new URL('deploy/', root)).map((file) => read(`deploy/${file}`));
  const tags = files.flatMap((text) =>
    [...text.matchAll(/\bec2-image:(\d[\w.-]*\w)/g)].map(([, tag]) => tag),
  );
  expect(tags.length).toBeGreaterThan(0);
  expect([...new Set(tags)]).toEqual([version]);
});
