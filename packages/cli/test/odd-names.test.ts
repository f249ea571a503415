import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { expect, testWith } from './support/fixtures.ts';
import { importArgs } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';
import { makeLocalImages } from './support/local-images.ts';

const test = testWith().extend('local', { scope: 'file' }, () =>
  makeLocalImages({ sizeBytes: 16 * 2 ** 20, dataBytes: 2 ** 20 }),
);

test('a local path with the characters of a query is pinned as it is', async ({
  account,
  workDirectory,
  local,
}) => {
  const { path, sha256 } = await local.image('qcow2');
  const url = join(workDirectory, 'd💿%20#1?.qcow2');
  await copyFile(path, url);
  const args = importArgs({ account, workDirectory, url, sha256 });
  const run = await runInProcess(args.filter((arg) => arg !== '--json'));
  expect(run.exitCode, run.stderr).toBe(0);
  const pinned = run.stdout.slice(run.stdout.indexOf('# To pin'));
  expect(Object.values(parse(pinned).images)).toEqual([expect.objectContaining({ url })]);
});

test.for(['s3', 'ebs'])(
  'a local path with characters outside the BMP, by way of %s',
  async (via, { account, workDirectory, local }) => {
    const { path, sha256 } = await local.image('qcow2');
    const url = join(workDirectory, `${'💿'.repeat(40)}.qcow2`);
    await copyFile(path, url);
    const run = await runInProcess(
      importArgs({ account, workDirectory, url, sha256, via, 'omit-holes': via === 'ebs' || undefined }),
    );
    expect(run.exitCode, run.stderr).toBe(0);
  },
);
