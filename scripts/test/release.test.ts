import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { test as base, expect } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const script = (name: string) => join(root, 'scripts/release', name);

/** What a release reads and writes. */
const test = base.extend(
  'clone',
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
  ({}, { onCleanup }) => {
    const clone = mkdtempSync(join(tmpdir(), 'ec2-image-release-'));
    onCleanup(() => rmSync(clone, { recursive: true }));
    const files = [
      'package.json',
      'pnpm-workspace.yaml',
      'pnpm-lock.yaml',
      '.changeset',
      'deploy',
      'bench/package.json',
    ];
    for (const file of [...files, ...globSync('packages/*/{package.json,CHANGELOG.md}', { cwd: root })]) {
      cpSync(join(root, file), join(clone, file), { recursive: true });
    }
    return clone;
  },
);

const manifestsOf = (clone: string) =>
  globSync('packages/*/package.json', { cwd: clone }).map((file) => ({
    directory: dirname(file),
    ...JSON.parse(readFileSync(join(clone, file), 'utf8')),
  }));

test('a changeset gives all packages the next version, a change log, and deploy/ its image', async ({
  clone,
}) => {
  writeFileSync(join(clone, '.changeset/one.md'), "---\n'ec2-image': minor\n---\n\nimport: something new.\n");
  await execa(join(root, 'node_modules/.bin/changeset'), ['version'], { cwd: clone });
  await execa(process.execPath, [script('set-deployed-version.ts'), clone]);
  const versions = new Set(manifestsOf(clone).map(({ version }) => version));
  expect(versions).toEqual(new Set(['0.2.0']));
  expect(readFileSync(join(clone, 'packages/cli/CHANGELOG.md'), 'utf8')).toMatch(
    /^# ec2-image\n\n## 0\.2\.0\n[\s\S]*import: something new\.\n[\s\S]*\n## 0\.1\.0\n/,
  );
  const deployed = globSync('deploy/*', { cwd: clone }).map((file) =>
    readFileSync(join(clone, file), 'utf8'),
  );
  const tags = deployed.join('\n').match(/\bec2-image:\d[\d.]*\d/g);
  expect(new Set(tags)).toEqual(new Set(['ec2-image:0.2.0']));
});

test('before packages are published, each says where its sources are', async ({ clone }) => {
  const env = { REPOSITORY_URL: 'https://forge.example/images/ec2-image', RELEASE_TAG: 'v0.1.0' };
  await execa(process.execPath, [script('prepare.ts'), clone], { env });
  for (const { directory, repository, bugs } of manifestsOf(clone)) {
    const url = `git+${env.REPOSITORY_URL}.git`;
    expect(repository).toEqual({ type: 'git', url, directory });
    expect(bugs).toEqual({ url: `${env.REPOSITORY_URL}/issues` });
  }
  const other = { ...env, RELEASE_TAG: 'v0.1.1' };
  const end = await execa(process.execPath, [script('prepare.ts'), clone], { env: other, reject: false });
  expect([end.exitCode, end.stderr]).toEqual([
    1,
    expect.stringContaining('not of that version: @ec2-image/'),
  ]);
});
