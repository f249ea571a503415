import { rm } from 'node:fs/promises';
import { CompleteSnapshotCommand, EBSClient } from '@aws-sdk/client-ebs';
import { exampleCredentials, type FaultAction } from '@ec2-image/local-aws';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openAccount, region, type TestAccount } from './support/account.ts';
import { expectOneOfEach } from './support/crash-points.ts';
import { publishImages, type TestImages } from './support/images.ts';
import { type ImportDocument, importArgs, makeWorkDirectory } from './support/import.ts';
import { runInProcess, useOwnEnvironment } from './support/in-process.ts';
import { startCli } from './support/run-cli.ts';

let images: TestImages;
let account: TestAccount;
let workDirectory: string;

beforeAll(async () => {
  useOwnEnvironment();
  images = await publishImages(['qcow2', 'raw.xz']);
});
afterAll(() => images[Symbol.asyncDispose]());
beforeEach(async () => {
  account = await openAccount();
  workDirectory = await makeWorkDirectory();
});
afterEach(async () => {
  await account[Symbol.asyncDispose]();
  await rm(workDirectory, { recursive: true, force: true });
});

const argsOf = (flags: Readonly<Record<string, unknown>> = {}) =>
  importArgs({
    account,
    workDirectory,
    url: images.url('qcow2'),
    'checksum-url': images.checksumUrl,
    via: 'ebs',
    bucket: undefined,
    ...flags,
  });
const blocks = 32;
const puts = () => account.aws.calls.list().filter(({ operation }) => operation === 'PutSnapshotBlock');
const strikePuts = (
  action: FaultAction,
  rest: { readonly nth?: number; readonly moreThan?: number } = {},
) => {
  const { moreThan, nth } = rest;
  return account.aws.faults.add({
    match: { operation: 'PutSnapshotBlock', moreThan },
    nth,
    times: 'always',
    action,
  });
};

test.each(['expired-token', 'access-denied'] as const)(
  '%s in the middle: the snapshot is kept and named, and the same command sends only what is missing',
  async (preset) => {
    strikePuts({ kind: 'error', preset }, { nth: 20 });
    const end = await runInProcess(argsOf());
    const [result] = end.json<ImportDocument>().images;
    expect([end.exitCode, result!.error?.hint], end.stderr).toEqual([1, expect.stringMatching(/./)]);
    const [pending] = (await account.contents()).snapshots;
    expect(pending?.State).toBe('pending');
    expect(result!.leftovers).toEqual([`pending snapshot ${pending!.SnapshotId}`]);
    account.aws.faults.clear();
    const before = puts().length;
    const next = await runInProcess(argsOf());
    await expectOneOfEach({ account }, images, next);
    expect(next.json<ImportDocument>().images[0]!.snapshotId).toBe(pending!.SnapshotId);
    expect(puts().length - before).toBeLessThan(blocks);
  },
);

test('a line that takes only few blocks at a time is met by sending fewer', async () => {
  strikePuts({ kind: 'delay', ms: 20 });
  const action = {
    kind: 'error',
    status: 400,
    code: 'ValidationException',
    message: 'Failed to read block data',
  } as const;
  strikePuts(action, { moreThan: 3 });
  await expectOneOfEach({ account }, images, await runInProcess(argsOf()));
  expect(puts().some(({ errorCode }) => errorCode === 'ValidationException')).toBe(true);
});

test.each(['qcow2', 'raw.xz'] as const)(
  'a pending snapshot of a %s that somebody else completes is not taken for the image',
  async (format) => {
    const args = argsOf({ url: images.url(format) });
    const hang = strikePuts({ kind: 'hang' }, { nth: 10 });
    const { child, ended } = startCli(args);
    await hang.struck;
    child.kill('SIGKILL');
    await ended;
    account.aws.faults.clear();
    const [pending] = (await account.contents()).snapshots;
    const ebs = new EBSClient({ region, endpoint: account.aws.url, credentials: exampleCredentials });
    const there = new Set(
      puts()
        .filter(({ status }) => status === 201)
        .map(({ parameters }) => parameters.BlockIndex),
    );
    await ebs.send(
      new CompleteSnapshotCommand({ SnapshotId: pending!.SnapshotId, ChangedBlocksCount: there.size }),
    );
    ebs.destroy();
    await expect
      .poll(async () => (await account.contents()).snapshots.map(({ State }) => State))
      .toEqual(['completed']);

    const end = await runInProcess(args);
    expect(end.json<ImportDocument>().images[0]!.snapshotId).not.toBe(pending!.SnapshotId);
    await expectOneOfEach({ account }, images, end);
  },
);
