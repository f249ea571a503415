import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DescribeImagesCommand } from '@aws-sdk/client-ec2';
import { tagRecord } from '@ec2-image/provenance';
import { bucket, region } from './support/account.ts';
import { expect, testWith } from './support/fixtures.ts';
import { flagsOf } from './support/import.ts';
import { importByHand } from './support/import-by-hand.ts';
import { runInProcess } from './support/in-process.ts';

const suffix = '20261122t101112z-f43f42d14';
// Calm: each of several commands would wait real seconds for what EC2 shows late, which the janitor's own tests do on a clock.
const test = testWith({ formats: ['qcow2'], account: { conditions: 'calm' } });

test('tag-fix adopts an AMI that was imported by hand, import proves and reuses it, the janitor names its upload', {
  timeout: 120_000,
}, async ({ account, images, workDirectory }) => {
  const imageId = await importByHand(account, {
    ...{ disk: images.disk, directory: workDirectory, bucket, name: 'test-cloud', suffix },
  });
  const sha256 = createHash('sha256')
    .update(await readFile(join(images.directory, 'Test-Cloud-1.0.x86_64.qcow2')))
    .digest('hex');
  const reached = { 'endpoint-url': account.aws.url, region, 'work-dir': workDirectory, json: true };
  const source = { url: images.url('qcow2'), sha256 };
  const importIt = () =>
    runInProcess([
      'import',
      ...flagsOf({ ...reached, ...source, name: 'test-cloud', suffix, arch: 'x86_64', bucket }),
      ...flagsOf({ 'volume-type': 'gp2', 'volume-size': 10, 'boot-mode': 'none', 'poll-interval': 0.02 }),
    ]);
  const tagFix = (flags: object = {}) =>
    runInProcess(['tag-fix', imageId, ...flagsOf({ ...reached, ...flags })]);
  const tagsNow = async () => {
    const { Images } = await account.ec2.send(new DescribeImagesCommand({ ImageIds: [imageId] }));
    return tagRecord(Images?.[0]?.Tags);
  };

  const unknown = (await importIt()).json<{ images: { error: { code: string } }[] }>();
  expect(unknown.images[0]!.error.code).toBe('AMI_NAME_TAKEN');
  const alone = await tagFix();
  expect(alone.exitCode).toBe(1);
  expect(alone.stdout).toContain('--sha256');

  const adopted = await tagFix(source);
  expect(adopted.exitCode, adopted.stderr).toBe(0);
  expect(await tagsNow()).toMatchObject({
    'ec2-image:name': 'test-cloud',
    'ec2-image:source-digest': `sha256:${sha256}`,
    'ec2-image:disk-format': 'vhdx',
    'ec2-image:proof': 'none',
    automation: 'false',
  });

  const reused = await importIt();
  expect(reused.exitCode, reused.stderr).toBe(0);
  expect(reused.json()).toMatchObject({ images: [{ outcome: 'reused', imageId }] });
  expect(reused.stderr).toContain('reading its snapshot');
  expect(await tagsNow()).toMatchObject({ 'ec2-image:proof': 'full' });

  const janitor = ['janitor', ...flagsOf({ ...reached, bucket, 'older-than': '0s', json: false })];
  const found = await runInProcess(janitor);
  expect(found.exitCode, found.stdout).toBe(0);
  expect(found.stdout.replace(/\s+/g, ' ')).toContain(
    `no proof: named as an import by hand names its upload: if it is the leftover of one, aws s3 rm s3://${bucket}/test-cloud-${suffix}.vhdx deletes it`,
  );
});
