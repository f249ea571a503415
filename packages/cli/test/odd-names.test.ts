import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { openAccount } from './support/account.ts';
import { importArgs, makeWorkDirectory } from './support/import.ts';
import { makeLocalImages } from './support/local-images.ts';
import { runCli } from './support/run-cli.ts';

test('a local path with the characters of a query is pinned as it is', async () => {
  await using account = await openAccount();
  const { directory, images } = await makeLocalImages({ sizeBytes: 16 * 2 ** 20, dataBytes: 2 ** 20 });
  const { path, sha256 } = images.qcow2;
  const url = join(directory, 'd💿%20#1?.qcow2');
  await copyFile(path, url);
  const args = importArgs({ account, workDirectory: await makeWorkDirectory(), url, sha256 });
  const run = await runCli(args.filter((arg) => arg !== '--json'));
  expect(run.exitCode, run.stderr).toBe(0);
  const pinned = run.stdout.slice(run.stdout.indexOf('# To pin'));
  expect(Object.values(parse(pinned).images)).toEqual([expect.objectContaining({ url })]);
});

test.each(['s3', 'ebs'])('a local path with characters outside the BMP, by way of %s', async (via) => {
  await using account = await openAccount();
  const { directory, images } = await makeLocalImages({ sizeBytes: 16 * 2 ** 20, dataBytes: 2 ** 20 });
  const { path, sha256 } = images.qcow2;
  const url = join(directory, `${'💿'.repeat(40)}.qcow2`);
  await copyFile(path, url);
  const run = await runCli(
    importArgs({ account, workDirectory: await makeWorkDirectory(), url, sha256, via }),
  );
  expect(run.exitCode, run.stderr).toBe(0);
});
