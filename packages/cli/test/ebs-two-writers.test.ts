import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAccount } from './support/account.ts';
import { expectOneOfEach } from './support/crash-points.ts';
import { publishImages, type TestImages } from './support/images.ts';
import { type ImportDocument, importArgs, makeWorkDirectory } from './support/import.ts';
import { startCli } from './support/run-cli.ts';

let images: TestImages;
beforeAll(async () => {
  images = await publishImages(['qcow2', 'raw.xz'], { sizeBytes: 16 * 2 ** 20, dataBytes: 2 ** 20 });
});
afterAll(() => images[Symbol.asyncDispose]());

test.each(['qcow2', 'raw.xz'] as const)(
  'two machines that write one %s at the same time, block by block in conflict, end with one snapshot and one AMI',
  async (format) => {
    await using account = await openAccount();
    account.aws.faults.add({
      match: { operation: 'PutSnapshotBlock' },
      times: 'always',
      action: { kind: 'slow-write', ms: 400 },
    });
    // Held until both have sent what they send at a time.
    const start = account.aws.faults.add({
      match: { operation: 'PutSnapshotBlock' },
      times: 'always',
      action: { kind: 'hang' },
    });
    const runs = await Promise.all(
      [1, 2].map(async () =>
        startCli(
          importArgs({
            account,
            workDirectory: await makeWorkDirectory(),
            url: images.url(format),
            'checksum-url': images.checksumUrl,
            via: 'ebs',
            bucket: undefined,
          }),
        ),
      ),
    );
    const callsOf = (operation: string) =>
      account.aws.calls.list().filter((call) => call.operation === operation);
    await expect
      .poll(() => callsOf('PutSnapshotBlock').length, { timeout: 60_000, interval: 20 })
      .toBeGreaterThanOrEqual(64);
    start.remove();
    const ends = await Promise.all(runs.map(({ ended }) => ended));
    for (const end of ends) await expectOneOfEach({ account }, images, end);
    const outcomes = ends.map((end) => end.json<ImportDocument>().images[0]!.outcome);
    expect(outcomes).toContain('imported');
    expect(callsOf('DeleteSnapshot')).toEqual([]);
    const conflicts = callsOf('PutSnapshotBlock').filter(
      ({ errorCode }) => errorCode === 'ValidationException',
    );
    expect(conflicts.length).toBeGreaterThan(0);
  },
);
