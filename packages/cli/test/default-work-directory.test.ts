import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultWorkDirectory } from '../src/work-directory/default-directory.ts';
import { describe, expect, testWith } from './support/fixtures.ts';
import { importArgs } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const test = testWith({ formats: ['qcow2'] })
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
  .extend('home', ({}) => temporaryDirectory('home'))
  // biome-ignore lint/correctness/noEmptyPattern: as above
  .extend('here', ({}) => temporaryDirectory('here'));

test("a run's files are in the user's cache directory", async ({ account, images, home }) => {
  const args = importArgs({
    account,
    workDirectory: '',
    url: images.url('qcow2'),
    'checksum-url': images.checksumUrl,
    'work-dir': undefined,
    'keep-files': true,
  });
  const end = await runInProcess(args, { env: { XDG_CACHE_HOME: home } });
  expect(end.exitCode, end.stderr).toBe(0);
  const [directory] = await readdir(join(home, 'ec2-image', 'images'));
  expect(await readdir(join(home, 'ec2-image', 'images', directory!))).toContainEqual(
    expect.stringMatching(/\.qcow2$/),
  );
});

describe('the default work directory', () => {
  test("is .ec2-image where that exists, the user's cache directory otherwise", async ({ here, home }) => {
    const inCache = join(home, 'ec2-image');
    expect(defaultWorkDirectory({ XDG_CACHE_HOME: home }, { directory: here })).toBe(inCache);
    await mkdir(join(here, '.ec2-image'));
    expect(defaultWorkDirectory({ XDG_CACHE_HOME: home }, { directory: here })).toBe(
      join(here, '.ec2-image'),
    );
  });

  test('takes no relative XDG_CACHE_HOME', ({ here }) => {
    expect(
      defaultWorkDirectory({ XDG_CACHE_HOME: 'cache', HOME: '/home/somebody' }, { directory: here }),
    ).toBe('/home/somebody/.cache/ec2-image');
  });
});
