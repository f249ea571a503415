import { CreateMultipartUploadCommand } from '@aws-sdk/client-s3';
import { tagRecord } from '@ec2-image/provenance';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bucket, openAccount, type TestAccount } from '../support/account.ts';
import { publishImages } from '../support/images.ts';
import { type ImportDocument, importArgs, makeWorkDirectory } from '../support/import.ts';
import { runInProcess, useOwnEnvironment } from '../support/in-process.ts';
import { key } from './support.ts';

const hour = 60 * 60_000;

/** How far AWS's clock is ahead of this machine's. */
let aheadMs: number;
let account: TestAccount;
beforeEach(async () => {
  useOwnEnvironment();
  aheadMs = 0;
  account = await openAccount({ now: () => Date.now() + aheadMs });
});
afterEach(() => account[Symbol.asyncDispose]());

const janitor = () =>
  runInProcess([
    ...['janitor', '--bucket', bucket, '--region', 'us-east-1', '--endpoint-url', account.aws.url],
    ...['--apply', '--yes'],
  ]);
const openUpload = () => account.s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key }));
const uploads = async () => (await account.contents()).uploads.length;

test('a machine two days ahead deletes no upload that began a moment ago', async () => {
  aheadMs = -48 * hour;
  await openUpload();
  const { exitCode, stdout, stderr } = await janitor();
  expect(exitCode, stderr).toBe(0);
  expect(stdout).not.toContain('To delete');
  expect(await uploads()).toBe(1);
});

test('a machine two days behind deletes what is old enough', async () => {
  aheadMs = 48 * hour;
  await openUpload();
  aheadMs += 25 * hour;
  const { stdout, stderr } = await janitor();
  expect(stdout, stderr).toContain('To delete');
  expect(await uploads()).toBe(0);
});

test('an import dates what it makes by the clock of AWS', async () => {
  aheadMs = -48 * hour;
  await using images = await publishImages(['qcow2']);
  const end = await runInProcess(
    importArgs({
      account,
      workDirectory: await makeWorkDirectory(),
      url: images.url('qcow2'),
      'checksum-url': images.checksumUrl,
    }),
  );
  expect(end.json<ImportDocument>().images[0]?.outcome, end.stderr).toBe('imported');
  const { images: amis, snapshots, tasks } = await account.contents();
  for (const { Tags } of [...amis, ...snapshots, ...tasks]) {
    const startedAt = Date.parse(tagRecord(Tags)['ec2-image:started-at'] ?? '');
    expect(Math.abs(startedAt - Date.now() - aheadMs)).toBeLessThan(hour);
  }
});
