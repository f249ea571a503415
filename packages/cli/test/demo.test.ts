import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readDocument, sectionOf } from './documentation/documents.ts';
import { areEqualDisks, type ImportDocument, makeWorkDirectory } from './support/import.ts';
import { runCli } from './support/run-cli.ts';

test('the demo imports what it serves, bit for bit, boots it, publishes it to three regions, then finds everything there, and says what it keeps', async () => {
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
  // An instance of each has started, in the first run alone.
  const bootTests = demo.runs.map(({ images }) => images.map(({ bootTest }) => bootTest));
  const inRun = (reason: unknown) => [1, 2].map(() => ({ booted: true, reason }));
  expect(bootTests).toMatchObject([
    inRun(expect.stringContaining('login')),
    inRun('passed before'),
    inRun('passed before'),
  ]);
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
  expectShown(sectionOf(readDocument('docs/publish.md'), 'What it prints'), run.stderr + run.stdout);
  const kept = ['local-aws', 'served'].map((name) => join(workDirectory, name));
  expect(run.stderr).toMatch(/^The demo keeps [\d.]+ MiB in /m);
  expect(run.stderr).toContain(`To remove: rm -r ${kept.join(' ')}\n`);
}, 300_000);

/** What a page shows of the output is in it, in this order, but for what differs between runs. */
function expectShown(section: string, output: string): void {
  const shown = section.split('\n').filter((line) => /^ {4}\S/.test(line));
  expect(shown.length).toBeGreaterThan(20);
  let rest = output.split('\n').map(withoutFacts);
  for (const line of shown.map(withoutFacts)) {
    const at = rest.indexOf(line);
    expect(at, `not in the output, or not there: ${line}`).not.toBe(-1);
    rest = rest.slice(at + 1);
  }
}

/** Without ids, dates, durations and the width of columns. */
function withoutFacts(line: string): string {
  return line
    .trim()
    .replace(/\b(ami|snap|i)-[0-9a-f]{17}\b/g, '$1-…')
    .replace(/\b[0-9a-f]{12}\b/g, '…')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\dZ/g, '…')
    .replace(/ done in .*$/, ' done in …')
    .replace(/ {2,}/g, '  ');
}
