import { CreateMultipartUploadCommand } from '@aws-sdk/client-s3';
import { tagRecord } from '@ec2-image/provenance';
import { bucket, openAccount } from '../support/account.ts';
import { expect, testWith } from '../support/fixtures.ts';
import { runInProcess } from '../support/in-process.ts';
import { key } from './support.ts';

const hour = 60 * 60_000;

const test = testWith()
  /** AWS's clock: how far it is ahead of this machine's, in milliseconds. */
  .extend('clock', () => ({ aheadMs: 0 }))
  .extend('account', async ({ clock }, { onCleanup }) => {
    const account = await openAccount({ now: () => Date.now() + clock.aheadMs });
    onCleanup(() => account[Symbol.asyncDispose]());
    return account;
  })
  .extend(
    'openUpload',
    ({ account }) =>
      () =>
        account.s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key })),
  )
  .extend(
    'sweep',
    ({ account }) =>
      () =>
        runInProcess([
          ...['janitor', '--bucket', bucket, '--region', 'us-east-1', '--endpoint-url', account.aws.url],
          ...['--apply', '--yes'],
        ]),
  );

test('a machine two days ahead deletes no upload that began a moment ago', async ({
  account,
  clock,
  openUpload,
  sweep,
}) => {
  clock.aheadMs = -48 * hour;
  await openUpload();
  const { exitCode, stdout, stderr } = await sweep();
  expect(exitCode, stderr).toBe(0);
  expect(stdout).not.toContain('To delete');
  expect((await account.contents()).uploads).toHaveLength(1);
});

test('a machine two days behind deletes what is old enough', async ({
  account,
  clock,
  openUpload,
  sweep,
}) => {
  clock.aheadMs = 48 * hour;
  await openUpload();
  clock.aheadMs += 25 * hour;
  const { stdout, stderr } = await sweep();
  expect(stdout, stderr).toContain('To delete');
  expect((await account.contents()).uploads).toHaveLength(0);
});

test('an import dates what it makes by the clock of AWS', async ({ account, clock, runImport }) => {
  clock.aheadMs = -48 * hour;
  const { result, stderr } = await runImport();
  expect(result.outcome, stderr).toBe('imported');
  const { images: amis, snapshots, tasks } = await account.contents();
  for (const { Tags } of [...amis, ...snapshots, ...tasks]) {
    const startedAt = Date.parse(tagRecord(Tags)['ec2-image:started-at'] ?? '');
    expect(Math.abs(startedAt - Date.now() - clock.aheadMs)).toBeLessThan(hour);
  }
});
