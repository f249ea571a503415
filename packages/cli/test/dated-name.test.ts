import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openAccount } from './support/account.ts';
import { expect, testWith } from './support/fixtures.ts';
import { type Flags, flagsOf } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';

const day = 24 * 3_600_000;
const byEbs = { via: 'ebs', bucket: undefined, 'omit-holes': true };

const test = testWith({
  disk: { sizeBytes: 8 * 2 ** 20, dataBytes: 2 ** 16 },
  flags: { 'ami-name': '{name}-{date}-{suffix}', suffix: 'one' },
})
  /** AWS's clock: how far it is ahead of this machine's, in milliseconds. */
  .extend('clock', () => ({ aheadMs: 0 }))
  .extend('account', async ({ clock }, { onCleanup }) => {
    const account = await openAccount({ now: () => Date.now() + clock.aheadMs });
    onCleanup(() => account[Symbol.asyncDispose]());
    return account;
  });

test('the AMI of an earlier day is found by import and publish, and only --fresh makes one of today', {
  timeout: 240_000,
}, async ({ account, clock, images, workDirectory, runImport }) => {
  const { result: first } = await runImport(byEbs);
  expect(first.amiName).toMatch(/^test-cloud-20\d{6}-one$/);
  clock.aheadMs = day;
  const { result } = await runImport(byEbs);
  expect(result).toMatchObject({ outcome: 'reused', imageId: first.imageId, amiName: first.amiName });

  const config = join(workDirectory, 'ec2-image.yaml');
  const image = {
    ...{ url: images.url('qcow2'), 'checksum-url': images.checksumUrl, arch: 'x86_64', suffix: 'one' },
    ...{ via: 'ebs', 'ami-name': '{name}-{date}-{suffix}', 'deprecate-after': '90d' },
  };
  // JSON is YAML.
  await writeFile(config, JSON.stringify({ images: { 'test-cloud': image } }));
  const published = await runInProcess([
    'publish',
    ...flagsOf({ config, 'endpoint-url': account.aws.url, 'work-dir': workDirectory, quiet: true }),
  ]);
  expect([published.exitCode, published.stdout], published.stderr).toEqual([
    0,
    expect.stringContaining(first.imageId!),
  ]);

  const { result: fresh } = await runImport({ ...byEbs, fresh: true });
  expect(fresh).toMatchObject({ outcome: 'imported', amiName: expect.not.stringContaining(first.amiName!) });
  // Of several, the newest.
  clock.aheadMs = 2 * day;
  expect((await runImport(byEbs)).result).toMatchObject({ outcome: 'reused', imageId: fresh.imageId });
});

test.for<[made: string, operation: string, flags: Flags]>([
  ['parts of an upload', 'CompleteMultipartUpload', {}],
  ['an object', 'ImportSnapshot', {}],
  ['a snapshot that is imported', 'RegisterImage', {}],
  ['a snapshot that is written', 'RegisterImage', byEbs],
])(
  'a run that left %s before midnight is resumed under its name',
  {
    timeout: 240_000,
  },
  async ([, operation, flags], { account, clock, runImport }) => {
    const fault = account.aws.faults.add({
      match: { operation },
      times: 'always',
      action: { kind: 'error', status: 403, code: 'AccessDenied' },
    });
    const { result: ended } = await runImport(flags);
    expect(ended.outcome).toBe('failed');
    fault.remove();
    clock.aheadMs = day;
    const { result, stderr } = await runImport(flags);
    expect([result.outcome, result.amiName], stderr).toEqual(['imported', ended.amiName]);
  },
);
