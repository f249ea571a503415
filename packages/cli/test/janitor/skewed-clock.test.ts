import { CreateMultipartUploadCommand } from '@aws-sdk/client-s3';
import { seedEc2 } from '@ec2-image/local-aws';
import { formatStartedAt, provenanceKeys, tagRecord } from '@ec2-image/provenance';
import { bucket, openAccount } from '../support/account.ts';
import { expect, testWith } from '../support/fixtures.ts';
import { runInProcess } from '../support/in-process.ts';
import { id, imported, key, ourImageTags, ourTags } from './support.ts';

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

test('a machine forty days ahead retires no AMI within its grace, nor one that was launched yesterday', async ({
  account,
  clock,
}) => {
  clock.aheadMs = -40 * 24 * hour;
  const hoursAgo = (hours: number) => Date.now() + clock.aheadMs - hours * hour;
  // In the service's hours: the newest, one in its grace, one out of it and launched, one that is to go.
  const ages = [
    { createdAt: hoursAgo(100) },
    { createdAt: hoursAgo(200), deprecatedAt: hoursAgo(20) },
    { createdAt: hoursAgo(300), deprecatedAt: hoursAgo(60), lastLaunchedAt: hoursAgo(20) },
    { createdAt: hoursAgo(400), deprecatedAt: hoursAgo(60) },
  ];
  ages.forEach((age, index) => {
    const [number, { createdAt }] = [index + 1, age];
    const started = { [provenanceKeys.startedAt]: formatStartedAt(new Date(createdAt)) };
    const snapshot = { id: id('snap', number), createdAt, description: imported };
    const image = { ...age, id: id('ami', number), name: `fedora-i${number}`, snapshotIds: [snapshot.id] };
    seedEc2({
      directory: account.directory,
      region: 'us-east-1',
      snapshots: [{ ...snapshot, tags: { ...ourTags, ...started } }],
      images: [{ ...image, tags: { ...ourImageTags, ...started, 'ec2-image:proof': 'full' } }],
    });
  });
  const { stdout, stderr } = await runInProcess([
    ...['retire', 'fedora', '--retain', '{"count":1,"grace":"2d"}', '--json'],
    ...['--region', 'us-east-1', '--endpoint-url', account.aws.url],
  ]);
  const { resources } = JSON.parse(stdout).retire.plan as {
    resources: { kind: string; verdict: string; code?: string }[];
  };
  const amis = resources.filter(({ kind }) => kind === 'ami');
  expect(
    amis.map(({ verdict, code }) => code ?? verdict),
    stderr,
  ).toEqual(['retained', 'in-grace', 'too-recent', 'disable']);
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
