import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { areEqualDisks, type ImportDocument, makeWorkDirectory } from './support/import.ts';
import { runCli } from './support/run-cli.ts';

test('the demo imports what it serves, bit for bit, publishes it to three regions, then finds everything there, and says what it keeps', async () => {
  const workDirectory = await makeWorkDirectory();
  const logFile = join(workDirectory, 'log');
  const run = await runCli(['demo', '--work-dir', workDirectory, '--log-file', logFile], {
    env: { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_REGION: undefined },
  });
  expect(run.exitCode, run.stderr).toBe(0);
  const last = (await readFile(logFile, 'utf8')).trimEnd().split('\n').at(-1)!;
  const { demo } = (JSON.parse(last) as { result: { demo: { runs: ImportDocument[] } } }).result;
  const [first, second, third] = demo.runs.map(({ images }) => images);
  expect(first!.map(({ name, outcome }) => [name, outcome])).toEqual([
    ['demo-qcow2', 'imported'],
    ['demo-raw-xz', 'imported'],
  ]);
  expect(second!.map(({ outcome, imageId }) => [outcome, imageId])).toEqual(
    first!.map(({ imageId }) => ['reused', imageId]),
  );
  const outcomesOf = (images: typeof first) =>
    images!.map(({ regions }) => regions.map(({ region, outcome }) => `${region} ${outcome}`));
  const [home, ...others] = ['us-east-1', 'eu-west-1', 'us-west-2'];
  const each = (outcome: string) => [home, ...others].map((region) => `${region} ${outcome}`);
  expect(outcomesOf(first)).toEqual([each('published'), each('published')]);
  expect(outcomesOf(second)).toEqual([each('unchanged'), each('unchanged')]);
  // A region that is added is all that is done.
  const added = [...each('unchanged'), 'ap-south-1 published'];
  expect(outcomesOf(third)).toEqual([added, added]);
  // The account ends with the demo: there is nothing to pin.
  expect(demo.runs[0]!.next).toBe('');
  for (const { name, snapshotId } of first!) {
    const disk = join(workDirectory, 'served', `${name}.raw`);
    const snapshot = join(workDirectory, 'local-aws', 'snapshots', `${snapshotId}.raw`);
    expect(await areEqualDisks(disk, snapshot)).toBe(true);
  }
  // The server of these images ends with the demo: a configuration that pins them would be of no use.
  expect(demo.runs.map(({ next }) => next)).toEqual(['', '', '']);
  expect(run.stdout).not.toContain('amis:');
  expect(run.stdout).toContain('nothing was created in AWS');
  expect(run.stdout.match(/^(imported|reused) +ami-\S+ +demo-/gm)).toHaveLength(6);
  const kept = ['local-aws', 'served'].map((name) => join(workDirectory, name));
  expect(run.stderr).toMatch(/^The demo keeps [\d.]+ MiB in /m);
  expect(run.stderr).toContain(`To remove: rm -r ${kept.join(' ')}\n`);
}, 180_000);
