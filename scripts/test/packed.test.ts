import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
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
  /** The directory of the oldest Node.js that the command takes: all other tests run on a newer one. */
  // biome-ignore lint/correctness/noEmptyPattern: as above
  .extend('oldestNode', { scope: 'file' }, async ({}) => {
    const { engines } = JSON.parse(readFileSync(join(root, 'packages/cli/package.json'), 'utf8'));
    const oldest = /^>=(\d+\.\d+)$/.exec(engines.node)?.[1];
    const npx = ['--yes', '--prefer-offline', '--loglevel=error', `--package=node@${oldest}.0`];
    const { stdout } = await execa('npx', [...npx, '--', 'sh', '-c', 'dirname "$(command -v node)"']);
    return stdout;
  })
  // biome-ignore lint/correctness/noEmptyPattern: as above
  .extend('empty', ({}, { onCleanup }) => {
    const directory = mkdtempSync(join(tmpdir(), 'ec2-image-empty-'));
    onCleanup(() => rmSync(directory, { recursive: true }));
    return directory;
  });

test('the published command runs by npx in an empty directory, with nothing but the oldest Node that it takes', {
  timeout: 300_000,
}, async ({ registry, oldestNode, empty }) => {
  const { stdout: npx } = await execa('sh', ['-c', 'command -v npx']);
  const run = (...args: string[]) =>
    execa('npx', ['--yes', `--registry=${registry.url}`, 'ec2-image', ...args], {
      cwd: empty,
      extendEnv: false,
      env: {
        PATH: [oldestNode, dirname(npx), '/usr/bin', '/bin'].join(':'),
        HOME: empty,
        npm_config_cache: join(empty, 'npm'),
        npm_config_update_notifier: 'false',
      },
      reject: false,
    });
  const node = await execa('node', ['--version'], { extendEnv: false, env: { PATH: oldestNode } });
  expect(node.stdout).toMatch(/^v22\./);
  const version = await run('--version');
  expect(version.stdout, version.stderr).toMatch(/^\d+\.\d+\.\d+/);
  // The emulator is a package of its own, which the command finds.
  const demo = await run('demo');
  expect(demo.exitCode, demo.stderr).toBe(0);
  // Few enough to read what they are.
  expect(registry.packages.length).toBeLessThan(60);
});
