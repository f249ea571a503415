import { chown, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, testWith } from './support/fixtures.ts';

const test = testWith();
const somebody = 12345;
/** Only root can give a file to somebody else. */
const isRoot = process.getuid?.() === 0;

test.runIf(isRoot).for(['images', 'locks', 'images/DIGEST', 'images/DIGEST/disk.raw', 'locks/other'])(
  'a work directory in which somebody else owns %s is refused',
  async (name, { images, workDirectory, runImport }) => {
    const { digest } = (await runImport({ 'keep-files': true })).result.source;
    const directory = `sha256-${digest!.slice(7, 39)}`;
    const path = join(workDirectory, name.replace('DIGEST', directory));
    if (name.includes('.') || name.includes('other')) await writeFile(path, 'theirs');
    await chown(path, somebody, somebody);
    const { exitCode, result } = await runImport({ suffix: 'again', 'keep-files': true });
    expect([exitCode, result.error]).toMatchObject([
      1,
      { code: 'WORK_DIRECTORY_UNSAFE', message: expect.stringContaining(`uid ${somebody}`) },
    ]);
    expect(images.disk).toBeDefined();
  },
);

test('a lock that is a link is not followed', async ({ images, workDirectory, runImport }) => {
  const { digest } = (await runImport({ 'keep-files': true })).result.source;
  const target = join(workDirectory, 'target');
  await writeFile(target, '');
  const elsewhere = join(workDirectory, 'other');
  await mkdir(join(elsewhere, 'locks'), { recursive: true });
  await symlink(target, join(elsewhere, 'locks', `sha256-${digest!.slice(7, 39)}`));
  const { exitCode, result } = await runImport({
    'work-dir': elsewhere,
    suffix: 'again',
    url: images.url('qcow2'),
  });
  expect([exitCode, result.error]).toMatchObject([1, { code: 'WORK_DIRECTORY_UNSAFE' }]);
  expect(await readFile(target, 'utf8')).toBe('');
});

test('what a run makes is for its user alone', async ({ workDirectory, runImport }) => {
  const own = join(workDirectory, 'a', 'b');
  const log = join(workDirectory, 'run.ndjson');
  expect((await runImport({ 'work-dir': own, 'keep-files': true, 'log-file': log })).exitCode).toBe(0);
  expect((await stat(log)).mode & 0o777).toBe(0o600);
  for (const path of [own, join(own, 'images'), join(own, 'locks')])
    expect((await stat(path)).mode & 0o777).toBe(0o700);
});
