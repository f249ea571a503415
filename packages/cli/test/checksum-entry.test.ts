import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bucket } from './support/account.ts';
import { expect, testWith } from './support/fixtures.ts';
import { type ImportDocument, makeWorkDirectory } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const test = testWith();

test('an image that the checksum file lists under another name: by checksum-entry, and pinned without it', async ({
  images,
  account,
}) => {
  await copyFile(
    join(images.directory, images.url('qcow2').split('/').at(-1)!),
    join(images.directory, 'latest'),
  );
  const path = join(await temporaryDirectory('entry'), 'ec2-image.yaml');
  await writeFile(
    path,
    `bucket: ${bucket}
poll-interval: 0.05
images:
  one:
    url: ${images.server.url}/latest
    checksum-url: ${images.checksumUrl}
    checksum-entry: Test-Cloud-1.0.x86_64.qcow2
    arch: x86_64
`,
  );
  const run = async (...args: string[]) =>
    runInProcess([
      ...['import', '--config', path, '--endpoint-url', account.aws.url, '--work-dir'],
      ...[await makeWorkDirectory(), '--json', ...args],
    ]);
  const unknown = (await run('--checksum-entry', 'Test-Cloud-2.0.x86_64.qcow2')).json<ImportDocument>();
  expect(unknown.images[0]!.error).toMatchObject({ code: 'CHECKSUM_ENTRY_MISSING' });
  const imported = (await run()).json<ImportDocument>();
  expect(imported.images[0]).toMatchObject({ outcome: 'imported' });
  expect(imported.next).not.toContain('checksum-entry');
  await writeFile(path, imported.next);
  expect((await run()).json<ImportDocument>().images[0]).toMatchObject({ outcome: 'reused' });

  const digest = imported.images[0]!.source.digest!.slice('sha256:'.length);
  const alone = await run('one', '--sha256', digest, '--checksum-entry', 'x');
  expect([alone.exitCode, alone.json<ImportDocument>().error]).toMatchObject([
    2,
    { code: 'CHECKSUM_ENTRY_ALONE' },
  ]);
});
