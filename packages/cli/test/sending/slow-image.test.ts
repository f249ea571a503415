import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, testWith } from '../support/fixtures.ts';
import { gatedImages, openGate } from '../support/gated-images.ts';
import { flagsOf, type ImportDocument } from '../support/import.ts';
import { runInProcess } from '../support/in-process.ts';
import { answered, untilAnswered } from '../support/sent-parts.ts';

const gated = gatedImages.raw;

const test = testWith({ formats: ['raw', 'qcow2'], disk: gated.disk, account: { conditions: 'calm' } });

test('by EBS direct, an image that is slow to arrive keeps no other waiting', { timeout: 120_000 }, async ({
  account,
  images,
  workDirectory,
}) => {
  await using slow = await openGate(images, gated);
  const config = join(workDirectory, 'ec2-image.yaml');
  const sources = { slow: slow.url, other: images.url('qcow2') };
  const entries = Object.entries(sources).map(
    ([name, url]) => `  ${name}: { url: '${url}', checksum-url: '${images.checksumUrl}', arch: x86_64 }`,
  );
  const common = `region: us-east-1
via: ebs
allow-insecure-checksum: true
connections: 1
poll-interval: 0.02`;
  await writeFile(config, [common, 'images:', ...entries, ''].join('\n'));
  const flags = { config, 'endpoint-url': account.aws.url, 'work-dir': workDirectory, json: true };
  const running = runInProcess(['import', ...flagsOf(flags)]);
  await untilAnswered(account, { operation: 'RegisterImage', count: 1 }, running);
  // Both have sent blocks, and one of them still waits for the end of its image.
  expect(answered(account, 'StartSnapshot')).toHaveLength(2);
  slow.open();
  const { exitCode, stderr, json } = await running;
  expect(exitCode, stderr).toBe(0);
  const outcomes = json<ImportDocument>().images.map(({ name, outcome }) => [name, outcome]);
  expect(outcomes).toEqual([
    ['slow', 'imported'],
    ['other', 'imported'],
  ]);
});
