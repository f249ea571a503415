import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test as base, describe, expect } from 'vitest';
import { runCli } from './support/run-cli.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;

const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
  .extend('home', ({}) => temporaryDirectory('home'))
  /** The temporary directory that everybody on the machine shares. */
  // biome-ignore lint/correctness/noEmptyPattern: as above
  .extend('shared', async ({}) => {
    const shared = await temporaryDirectory('shared');
    await chmod(shared, 0o1777);
    return shared;
  })
  /** Where a start of the command has put what it compiled. Node writes wherever it reads. */
  .extend(
    'cachesAfterStart',
    ({ home, shared }) =>
      async (env: Readonly<Record<string, string | undefined>> = {}): Promise<string[]> => {
        // The version is printed without one.
        const end = await runCli(['--help'], {
          env: { HOME: home, TMPDIR: shared, NODE_COMPILE_CACHE: undefined, ...env },
        });
        expect(end, end.stderr).toMatchObject({ exitCode: 0, stderr: '' });
        const files = await Promise.all(
          [home, shared].map(async (root) =>
            (await readdir(root, { recursive: true, withFileTypes: true }))
              .filter((entry) => entry.isFile())
              .map((entry) => entry.parentPath),
          ),
        );
        return [...new Set(files.flat())];
      },
  );

const cacheIn = (directory: string) => join(directory, '.cache', 'ec2-image', 'compile-cache');

describe('the compile cache', () => {
  test('is in the home directory, and nobody else may enter it', async ({ home, cachesAfterStart }) => {
    const caches = await cachesAfterStart();
    expect(caches).toEqual([expect.stringContaining(`${cacheIn(home)}/`)]);
    for (const path of [join(home, '.cache'), join(home, '.cache/ec2-image'), cacheIn(home)]) {
      expect((await stat(path)).mode & 0o777, path).toBe(0o700);
    }
    expect(await cachesAfterStart()).toEqual(caches);
  });

  test('is where XDG_CACHE_HOME says, if that is absolute', async ({ home, cachesAfterStart }) => {
    const caches = await cachesAfterStart({ XDG_CACHE_HOME: join(home, 'caches') });
    expect(caches).toEqual([expect.stringContaining(join(home, 'caches/ec2-image/compile-cache/'))]);
    const relative = await cachesAfterStart({ XDG_CACHE_HOME: 'relative' });
    expect(relative).toContainEqual(expect.stringContaining(`${cacheIn(home)}/`));
  });

  test('is where NODE_COMPILE_CACHE says: that is the decision of who sets it', async ({
    home,
    cachesAfterStart,
  }) => {
    const chosen = join(home, 'chosen');
    expect(await cachesAfterStart({ NODE_COMPILE_CACHE: chosen })).toEqual([
      expect.stringContaining(`${chosen}/`),
    ]);
  });

  test.for([0o777, 0o770, 0o1777, 0o755, 0o701])(
    'is none where others may enter it: mode %o',
    async (mode, { home, cachesAfterStart }) => {
      await mkdir(cacheIn(home), { recursive: true });
      await chmod(cacheIn(home), mode);
      expect(await cachesAfterStart()).toEqual([]);
    },
  );

  test('is none where others may write to a directory above it', async ({ home, cachesAfterStart }) => {
    await chmod(home, 0o777);
    expect(await cachesAfterStart()).toEqual([]);
    expect(existsSync(join(home, '.cache'))).toBe(false);
  });

  test('is none where it is a link', async ({ home, shared, cachesAfterStart }) => {
    await mkdir(join(home, '.cache/ec2-image'), { recursive: true });
    await mkdir(join(shared, 'planted'), { mode: 0o700 });
    await symlink(join(shared, 'planted'), cacheIn(home));
    expect(await cachesAfterStart()).toEqual([]);
  });

  test.for(['/nonexistent', '/dev/null', '', 'relative'])(
    'is none with the HOME %j',
    async (HOME, { cachesAfterStart }) => {
      expect(await cachesAfterStart({ HOME })).toEqual([]);
    },
  );

  test.runIf(isRoot)("is none in another user's directory", async ({ home, cachesAfterStart }) => {
    await mkdir(cacheIn(home), { recursive: true, mode: 0o700 });
    await chown(cacheIn(home), nobody, nobody);
    expect(await cachesAfterStart()).toEqual([]);
  });

  test.runIf(isRoot)(
    "is none with another user's HOME, and nothing is made there",
    async ({ home, cachesAfterStart }) => {
      await chown(home, nobody, nobody);
      expect(await cachesAfterStart()).toEqual([]);
      expect(await readdir(home)).toEqual([]);
    },
  );
});
