import { join } from 'node:path';
import { expectOneOfEach } from './support/crash-points.ts';
import { expect, testWith } from './support/fixtures.ts';
import { type ImportDocument, makeWorkDirectory } from './support/import.ts';
import { startCli } from './support/run-cli.ts';

/** Few blocks, each with data: of zeros past the disk's end alone there would be two thousand. */
const test = testWith({
  formats: ['qcow2', 'raw'],
  disk: { isFull: true },
  // Calm: which calls get in the way of which is arranged by their numbers.
  account: { conditions: 'calm' },
  flags: { via: 'ebs', bucket: undefined, 'omit-holes': true },
});

/** As many blocks as the image has: a run sends all of them at a time. */
const blocks = 32;

test.for(['qcow2', 'raw'] as const)(
  'two machines that write one %s at the same time, each in the way of the other, end with one snapshot and one AMI',
  async (format, { account, images, argsOf }) => {
    const { faults, calls } = account.aws;
    const match = { operation: 'PutSnapshotBlock' };
    const puts = () => calls.list().filter(({ operation }) => operation === match.operation);
    const conflicts = () => puts().filter(({ errorCode }) => errorCode === 'ValidationException').length;
    const until = (count: () => number, least: number) =>
      expect.poll(count, { timeout: 60_000, interval: 5 }).toBeGreaterThanOrEqual(least);
    const file = join(images.directory, `Test-Cloud-1.0.x86_64.${format}`);
    const start = async () => startCli(argsOf({ url: file, 'work-dir': await makeWorkDirectory() }));

    faults.add({ match, times: 'always', action: { kind: 'slow-write', ms: 1_500 } });
    const half = faults.add({ match, times: blocks / 2, action: { kind: 'hang' } });
    const rest = faults.add({ match, nth: blocks / 2 + 1, times: 'always', action: { kind: 'hang' } });
    const first = await start();
    await until(() => puts().length, blocks);
    const second = await start();
    await until(() => puts().length, 2 * blocks);
    // The first run's second half is being written, which refuses the second run's; and its first half is not.
    rest.remove();
    await until(conflicts, 1);
    const refusedToSecond = conflicts();
    half.remove();
    await until(conflicts, refusedToSecond + 1);
    const ends = await Promise.all([first.ended, second.ended]);
    for (const end of ends) await expectOneOfEach({ account }, images, end);
    expect(ends.map((end) => end.json<ImportDocument>().images[0]!.outcome)).toContain('imported');
    expect(calls.list().filter(({ operation }) => operation === 'DeleteSnapshot')).toEqual([]);
  },
);
