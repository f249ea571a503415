import { join } from 'node:path';
import { expect, test } from 'vitest';
import { areEqualDisks, type ImportDocument, makeWorkDirectory } from './support/import.ts';
import { runCli } from './support/run-cli.ts';

test('the demo imports what it serves, bit for bit, and then finds everything there', async () => {
  const workDirectory = await makeWorkDirectory();
  const run = await runCli(['demo', '--json', '--work-dir', workDirectory], {
    env: { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_REGION: undefined },
  });
  expect(run.exitCode, run.stderr).toBe(0);
  const { demo } = run.json<{ demo: { runs: ImportDocument[] } }>();
  const [first, second] = demo.runs.map(({ images }) => images);
  expect(first!.map(({ name, outcome }) => [name, outcome])).toEqual([
    ['demo-qcow2', 'imported'],
    ['demo-raw-xz', 'imported'],
  ]);
  expect(second!.map(({ outcome, imageId }) => [outcome, imageId])).toEqual(
    first!.map(({ imageId }) => ['reused', imageId]),
  );
  // Each image's own URL.
  expect(demo.runs[0]!.next.match(/url: .*/g)).toEqual([
    expect.stringContaining('.qcow2'),
    expect.stringContaining('.raw.xz'),
  ]);
  for (const { name, snapshotId } of first!) {
    const disk = join(workDirectory, 'served', `${name}.raw`);
    const snapshot = join(workDirectory, 'local-aws', 'snapshots', `${snapshotId}.raw`);
    expect(await areEqualDisks(disk, snapshot)).toBe(true);
  }
});
