import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { test as base, expect } from 'vitest';
import { serveRegistry } from './packed/loopback-registry.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
  .extend('registry', { scope: 'file' }, async ({}, { onCleanup }) => {
    // `npm test` has built them already: then this says so at once.
    await execa('pnpm', ['exec', 'turbo', 'run', 'build', '--filter=ec2-image'], { cwd: root });
    const registry = await serveRegistry(join(root, 'packages/cli'));
    onCleanup(() => registry[Symbol.asyncDispose]());
    return registry;
  })
  // biome-ignore lint/correctness/noEmptyPattern: as above
  .extend('empty', ({}, { onCleanup }) => {
    const directory = mkdtempSync(join(tmpdir(), 'ec2-image-empty-'));
    onCleanup(() => rmSync(directory, { recursive: true }));
    return directory;
  });

test('the published command runs by npx in an empty directory, with nothing but Node', {
  timeout: 300_000,
}, async ({ registry, empty }) => {
  const run = (...args: string[]) =>
    execa('npx', ['--yes', `--registry=${registry.url}`, 'ec2-image', ...args], {
      cwd: empty,
      extendEnv: false,
      env: {
        PATH: [dirname(process.execPath), '/usr/bin', '/bin'].join(':'),
        HOME: empty,
        npm_config_cache: join(empty, 'npm'),
        npm_config_update_notifier: 'false',
      },
      reject: false,
    });
  const version = await run('--version');
  expect(version.stdout, version.stderr).toMatch(/^\d+\.\d+\.\d+/);
  // The emulator is a package of its own, which the command finds.
  const demo = await run('demo');
  expect(demo.exitCode, demo.stderr).toBe(0);
  // Few enough to read what they are.
  expect(registry.packages.length).toBeLessThan(60);
});
