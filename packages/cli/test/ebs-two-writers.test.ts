import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAccount } from './support/account.ts';
import { expectOneOfEach } from './support/crash-points.ts';
import { publishImages, type TestImages } from './support/images.ts';
import { type ImportDocument, importArgs, makeWorkDirectory } from './support/import.ts';
import { startCli } from './support/run-cli.ts';

let images: TestImages;
beforeAll(async () => {
  images = await publishImages(['qcow2', 'raw.xz']);
});
afterAll(() => images[Symbol.asyncDispose]());

/** As many blocks as the image has: a run sends all of them at a time. */
const blocks = 32;

test.each(['qcow2', 'raw.xz'] as const)(
  'two machines that write one %s at the same time, each in the way of the other, end with one snapshot and one AMI',
  async (format) => {
    await using account = await openAccount();
    const { faults, calls } = account.aws;
    const match = { operation: 'PutSnapshotBlock' };
    const puts = () => calls.list().filter(({ operation }) => operation === match.operation);
    const conflicts = () => puts().filter(({ errorCode }) => errorCode === 'ValidationException').length;
    const until = (count: () => number, least: number) =>
      expect.poll(count, { timeout: 60_000, interval: 5 }).toBeGreaterThanOrEqual(least);
    const start = async () =>
      startCli(
        importArgs({
          account,
          workDirectory: await makeWorkDirectory(),
          url: images.url(format),
          'checksum-url': images.checksumUrl,
          via: 'ebs',
          bucket: undefined,
        }),
      );

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
