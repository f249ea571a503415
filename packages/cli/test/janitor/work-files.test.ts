import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tryLock } from '@ec2-image/file-lock';
import { region } from '../support/account.ts';
import { expect, testWith } from '../support/fixtures.ts';
import type { Flags } from '../support/import.ts';
import { runInProcess } from '../support/in-process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const test = testWith({ flags: { region } })
  .extend('importImage', ({ runImport }) => async (flags: Flags): Promise<void> => {
    const run = await runImport({ suffix: '1', ...flags });
    expect(run.exitCode, run.stdout + run.stderr).toBe(0);
  })
  .extend(
    'entry',
    ({ workDirectory }) =>
      (name: string) =>
        join(workDirectory, 'images', name),
  )
  .extend(
    'entries',
    ({ entry }) =>
      () =>
        readdir(entry('')),
  )
  /** What an import of `--keep-files` leaves in the work directory. */
  .extend('own', async ({ importImage, entries }) => {
    await importImage({ 'keep-files': true });
    const [own = ''] = await entries();
    expect(own).toMatch(/^sha256-[0-9a-f]{32}$/);
    return own;
  })
  .extend(
    'clean',
    ({ account, workDirectory }) =>
      (...flags: readonly string[]) =>
        runInProcess([
          'janitor',
          ...['--work-files', '--work-dir', workDirectory],
          ...['--endpoint-url', account.aws.url, '--region', region],
          ...flags,
        ]),
  )
  .extend('makeDirectory', ({ entry }) => async (name: string): Promise<string> => {
    await mkdir(entry(name), { recursive: true });
    await writeFile(join(entry(name), 'thesis.txt'), 'years of work');
    return entry(name);
  });

const named = (digit: string) => `sha256-${digit.repeat(32)}`;

test('42: --work-files: what no run works with is removed, a live run’s files are kept', async ({
  entries,
  clean,
  own,
  workDirectory,
}) => {
  const lock = await tryLock({ path: join(workDirectory, 'locks', own) });
  const live = await clean('--apply', '--yes');
  expect(live).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/ kept: a run works with it/) });
  expect(await entries()).toEqual([own]);
  lock?.release();
  expect(await clean()).toMatchObject({ exitCode: 3, stdout: expect.stringMatching(/ to delete: /) });
  const done = await clean('--apply', '--yes');
  expect(done).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/sha256-\S+ +\S+ \S+ +removed/) });
  expect(await entries()).toEqual([]);
});

test('52: foreign directories in the work directory: untouched', async ({
  entry,
  entries,
  clean,
  makeDirectory,
  own,
}) => {
  const elsewhere = await temporaryDirectory('elsewhere');
  await writeFile(join(elsewhere, 'thesis.txt'), 'years of work');
  const marker = join(entry(own), '.ec2-image-work');
  const names = {
    anotherName: 'holiday-2026',
    longerName: `${own}-backup`,
    noMarker: named('1'),
    linkedMarker: named('2'),
    markerOfAnother: named('3'),
    markerIsDirectory: named('4'),
    linkToOurs: named('5'),
    linkElsewhere: named('6'),
    file: named('7'),
  };
  for (const name of Object.values(names).slice(0, 6)) await makeDirectory(name);
  const text = await readFile(marker, 'utf8');
  await writeFile(join(entry(names.longerName), '.ec2-image-work'), text);
  // What it points to would do for this very directory.
  const forged = join(elsewhere, 'marker');
  await writeFile(forged, text.replace(/sha256:[0-9a-f]{64}/, `sha256:${'2'.repeat(64)}`));
  await symlink(forged, join(entry(names.linkedMarker), '.ec2-image-work'));
  await writeFile(join(entry(names.markerOfAnother), '.ec2-image-work'), text);
  await mkdir(join(entry(names.markerIsDirectory), '.ec2-image-work'));
  await symlink(entry(own), entry(names.linkToOurs));
  await symlink(elsewhere, entry(names.linkElsewhere));
  await writeFile(entry(names.file), 'a file');

  const done = await clean('--apply', '--yes');
  expect(done.exitCode, done.stderr).toBe(0);
  expect(await entries()).toEqual(Object.values(names).sort());
  for (const name of Object.values(names).slice(0, 6))
    expect(await readFile(join(entry(name), 'thesis.txt'), 'utf8')).toBe('years of work');
  expect(await readdir(elsewhere)).toEqual(['marker', 'thesis.txt']);
  expect(done.stdout).toMatch(/sha256-1{32} +\S+ \S+ +kept: no marker of ec2-image/);
  expect(done.stdout).toMatch(/sha256-6{32} +\S+ \S+ +kept: a symbolic link/);
  expect(done.stdout).not.toMatch(/holiday|backup/);
  // Nothing is left that --apply would remove.
  expect((await clean()).exitCode).toBe(0);
});

test('a link inside a directory of ec2-image is removed, not what it points to', async ({
  entry,
  entries,
  clean,
  makeDirectory,
  own,
}) => {
  const elsewhere = await makeDirectory('elsewhere');
  await symlink(elsewhere, join(entry(own), 'link'));
  expect((await clean('--apply', '--yes')).exitCode).toBe(0);
  expect(await entries()).toEqual(['elsewhere']);
  expect(await readdir(elsewhere)).toEqual(['thesis.txt']);
});

test('an import that works in a directory of somebody else’s removes its own files alone', async ({
  importImage,
  entry,
  entries,
  own,
  workDirectory,
}) => {
  await rm(join(entry(own), '.ec2-image-work'));
  await writeFile(join(entry(own), 'thesis.txt'), 'years of work');
  await importImage({ suffix: '2' });
  expect(await readdir(entry(own))).toEqual(['thesis.txt']);
  await rename(entry(own), join(workDirectory, 'moved'));
  await importImage({ suffix: '3', fresh: true });
  expect(await entries()).toEqual([]);
});
