import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openAccount } from './support/account.ts';
import { importArgs, makeWorkDirectory } from './support/import.ts';
import { makeLocalImages } from './support/local-images.ts';
import { runCli } from './support/run-cli.ts';

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
