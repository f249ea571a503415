import { join } from 'node:path';
import { CompleteSnapshotCommand, EBSClient } from '@aws-sdk/client-ebs';
import type { FaultAction } from '@ec2-image/local-aws';
import { expectOneOfEach } from './support/crash-points.ts';
import { expect, testWith } from './support/fixtures.ts';
import { killRun, liftFaults } from './support/kill-run.ts';
import { startCli } from './support/run-cli.ts';

/** Few blocks, each with data: of zeros past the disk's end alone there would be two thousand. */
const test = testWith({
  formats: ['qcow2', 'raw'],
  disk: { isFull: true },
  flags: { via: 'ebs', bucket: undefined, 'omit-holes': true },
}).extend(
  'strikePuts',
  ({ account }) =>
    (action: FaultAction, { nth, moreThan }: { readonly nth?: number; readonly moreThan?: number } = {}) =>
      account.aws.faults.add({
        match: { operation: 'PutSnapshotBlock', moreThan },
        nth,
        times: 'always',
        action,
      }),
);

const blocks = 32;
test.for(['expired-token', 'access-denied'] as const)(
  '%s in the middle: the snapshot is kept and named, and the same command sends only what is missing',
  async (preset, { account, images, runImport, strikePuts }) => {
    strikePuts({ kind: 'error', preset }, { nth: 20 });
    const { result, ...end } = await runImport();
    expect([end.exitCode, result.error?.hint], end.stderr).toEqual([1, expect.stringMatching(/./)]);
    const [pending] = (await account.contents()).snapshots;
    expect(pending?.State, end.stderr).toBe('pending');
    expect(result.leftovers).toEqual([`pending snapshot ${pending!.SnapshotId}`]);
    account.aws.faults.clear();
    const before = account.calls('PutSnapshotBlock').length;
    const next = await runImport();
    await expectOneOfEach({ account }, images, next);
    expect(next.result.snapshotId).toBe(pending!.SnapshotId);
    expect(account.calls('PutSnapshotBlock').length - before).toBeLessThan(blocks);
  },
);

test.for([
  ['an outage', { kind: 'drop', when: 'before' }, {}],
  ['a stalled line', { kind: 'hang' }, { 'request-timeout': 1 }],
] as const)(
  '%s in the middle, longer than --outage-timeout: the snapshot is kept, and the same command resumes it',
  async ([_, action, flags], { account, images, runImport, strikePuts }) => {
    strikePuts(action, { nth: 20 });
    const { result, ...end } = await runImport({ ...flags, 'outage-timeout': 1 });
    expect([end.exitCode, result.error?.code], end.stderr).toEqual([1, 'AWS_UNREACHABLE']);
    const [pending] = (await account.contents()).snapshots;
    expect(result.leftovers).toEqual([`pending snapshot ${pending!.SnapshotId}`]);
    account.aws.faults.clear();
    const before = account.calls('PutSnapshotBlock').length;
    const next = await runImport();
    await expectOneOfEach({ account }, images, next);
    expect(next.result.snapshotId).toBe(pending!.SnapshotId);
    expect(account.calls('PutSnapshotBlock').length - before).toBeLessThan(blocks);
  },
);

test('a line that takes only few blocks at a time is met by sending fewer', async ({
  account,
  images,
  runImport,
  strikePuts,
}) => {
  strikePuts({ kind: 'delay', ms: 20 });
  const action = {
    kind: 'error',
    status: 400,
    code: 'ValidationException',
    message: 'Failed to read block data',
  } as const;
  strikePuts(action, { moreThan: 3 });
  await expectOneOfEach({ account }, images, await runImport());
  expect(account.calls('PutSnapshotBlock').some(({ errorCode }) => errorCode === 'ValidationException')).toBe(
    true,
  );
});

test.for(['qcow2', 'raw'] as const)(
  'a pending snapshot of a %s that somebody else completes is not taken for the image',
  async (format, { account, images, argsOf, runImport, strikePuts }) => {
    const hang = strikePuts({ kind: 'hang' }, { nth: 10 });
    const local = { url: join(images.directory, `Test-Cloud-1.0.x86_64.${format}`) };
    const run = startCli(argsOf(local));
    await hang.struck;
    await killRun(run, account);
    const [pending] = (await account.contents()).snapshots;
    const there = new Set(
      account
        .calls('PutSnapshotBlock')
        .filter(({ status }) => status === 201)
        .map(({ parameters }) => parameters.BlockIndex),
    );
    await account
      .client(EBSClient)
      .send(new CompleteSnapshotCommand({ SnapshotId: pending!.SnapshotId, ChangedBlocksCount: there.size }));
    await expect
      .poll(async () => (await account.contents()).snapshots.map(({ State }) => State))
      .toEqual(['completed']);
    await liftFaults(account);

    const end = await runImport(local);
    expect(end.result.snapshotId).not.toBe(pending!.SnapshotId);
    await expectOneOfEach({ account }, images, end);
  },
);
