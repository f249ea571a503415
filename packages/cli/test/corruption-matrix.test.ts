import { chmod, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FaultRule } from '@ec2-image/local-aws';
import { undisturbedCalls } from './support/account.ts';
import { expectOneOfEach } from './support/crash-points.ts';
import { describe, expect, type ImportEnd, testWith } from './support/fixtures.ts';
import { flipBit } from './support/flip-bit.ts';
import { startHoldingProxy } from './support/holding-proxy.ts';
import type { Flags } from './support/import.ts';
import { type InProcessEnd, runInProcess } from './support/in-process.ts';
import { misreadingQemuNbd } from './support/misreading-qemu-nbd.ts';
import { startCli } from './support/run-cli.ts';
import { serveSpoilt } from './support/spoiling-server.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';
import { usePath } from './support/use-path.ts';

const secondPart = { operation: 'UploadPart', parameters: { partNumber: '2' } };
const fileName = 'Test-Cloud-1.0.x86_64.qcow2';

const test = testWith({ flags: { connections: 1 } })
  .extend(
    'strike',
    ({ account }) =>
      (rule: FaultRule) =>
        account.aws.faults.add(rule),
  )
  /** Detected, reported and repaired in the same run: its result is one AMI that holds the disk. */
  .extend('expectMended', ({ account, images }) => async (end: InProcessEnd, says: RegExp) => {
    await expectOneOfEach({ account }, images, end);
    expect(end.stderr).toMatch(says);
  })
  /** Detected, named, and not made into an AMI; the same command without the fault then makes the right one. */
  .extend(
    'expectRefused',
    ({ account, images, runImport }) =>
      async (
        { exitCode, stderr, result }: ImportEnd,
        { code, says, flags }: { readonly code: string; readonly says: RegExp; readonly flags?: Flags },
      ) => {
        expect(result.error, stderr).toMatchObject({
          code,
          message: expect.stringMatching(says),
          hint: expect.stringMatching(/.{10}/),
        });
        expect(exitCode).toBe(1);
        expect((await account.contents()).images).toEqual([]);
        account.aws.faults.clear();
        await expectOneOfEach({ account }, images, await runImport(flags));
      },
  );

/** The one file below the work directory whose name matches. */
async function fileLike(workDirectory: string, pattern: RegExp): Promise<string> {
  const below = join(workDirectory, 'images');
  const found = (await readdir(below, { recursive: true })).filter((name) => pattern.test(name));
  expect(found).toHaveLength(1);
  return join(below, found[0]!);
}

describe('one bit of the download', () => {
  test('once: the run downloads it again', async ({ images, runImport, expectMended }) => {
    await using server = await serveSpoilt({ directory: images.directory, name: fileName, times: 1 });
    const end = await runImport({ url: `${server.url}/${fileName}` });
    expect(server.spoilt).toBe(1);
    await expectMended(end, /sha256:[0-9a-f]{64}/);
  });

  test('from one mirror always: the next one has it', async ({ images, runImport, expectMended }) => {
    await using server = await serveSpoilt({ directory: images.directory, name: fileName, times: 99 });
    const end = await runImport({ url: [`${server.url}/${fileName}`, images.url('qcow2')] });
    expect(server.spoilt).toBe(1);
    await expectMended(end, /sha256:[0-9a-f]{64}/);
  });

  test('always: both digests and both URLs are named, and no file of it is kept', async ({
    images,
    workDirectory,
    runImport,
    expectRefused,
  }) => {
    await using server = await serveSpoilt({ directory: images.directory, name: fileName, times: 99 });
    const url = `${server.url}/${fileName}`;
    const end = await runImport({ url });
    expect(server.spoilt).toBe(2);
    const { message } = end.result.error!;
    expect(message).toContain(url);
    expect(message).toContain(images.checksumUrl);
    expect(await readdir(join(workDirectory, 'images'), { recursive: true })).not.toContain(fileName);
    await expectRefused(end, { code: 'DIGEST_MISMATCH', says: /sha256:[0-9a-f]{64}.*sha256:[0-9a-f]{64}/ });
  });

  test('in the partial file before a run resumes it', async ({
    images,
    workDirectory,
    argsOf,
    expectMended,
  }) => {
    await using proxy = await startHoldingProxy(images.server.url);
    const args = argsOf({ url: images.url('qcow2').replace(images.server.url, proxy.url) });
    const reached = proxy.holdAfterBytes(600_000);
    const { child, ended } = startCli(args);
    await reached;
    await new Promise((resolve) => setTimeout(resolve, 200));
    child.kill('SIGKILL');
    await ended;
    proxy.holdAfterBytes(Number.POSITIVE_INFINITY);
    await flipBit(await fileLike(workDirectory, /\.qcow2\.partial$/), 100_000);
    await expectMended(await runInProcess(args), /sha256:[0-9a-f]{64}/);
  });
});

describe('one sector of the disk that is made', () => {
  const says = /differs from what QEMU reads in the image: converting again with qemu-img/;

  test('otherwise than QEMU reads it, once: it is converted by qemu-img', async ({
    images,
    runImport,
    expectMended,
  }) => {
    await using _ = await misreadingQemuNbd(images, { times: 1 });
    await expectMended(await runImport(), says);
  });

  test('in a format that is converted block by block, too', async ({ images, runImport, expectMended }) => {
    await using _ = await misreadingQemuNbd(images, { times: 1 });
    await expectMended(await runImport({ format: 'vhd' }), says);
  });

  test('by way of EBS direct: what was written is deleted, and QEMU alone reads the image', async ({
    account,
    images,
    runImport,
    expectMended,
  }) => {
    await using _ = await misreadingQemuNbd(images, { times: 1 });
    const end = await runImport({ via: 'ebs', bucket: undefined, 'omit-holes': true });
    await expectMended(end, /differ from what QEMU reads in the image: reading the image with qemu-nbd/);
    expect(undisturbedCalls(account, 'StartSnapshot')).toHaveLength(2);
    expect(account.calls('DeleteSnapshot').length).toBeGreaterThan(0);
  });
});

describe('one bit of the converted disk', () => {
  const says = /the first difference is at byte \d+.*: converting again with qemu-img/;
  const converter = 'qemu-img';

  test('as it leaves qemu-img, once: it is converted again', async ({ runImport, expectMended }) => {
    await using _ = await spoilingQemuImg({ times: 1, when: 'after convert' });
    await expectMended(await runImport({ converter }), says);
  });

  test('as it leaves qemu-img, always', async ({ account, runImport, expectRefused }) => {
    let end: ImportEnd;
    {
      await using _ = await spoilingQemuImg({ times: 9, when: 'after convert' });
      end = await runImport({ converter });
    }
    const { objects, snapshots, tasks } = await account.contents();
    expect({ objects, snapshots }).toEqual({ objects: [], snapshots: [] });
    // Both were cancelled, or had ended before.
    expect(tasks.filter(({ SnapshotTaskDetail }) => SnapshotTaskDetail?.Status === 'active')).toEqual([]);
    await expectRefused(end, { code: 'DISK_DIFFERS', says: /the first difference is at byte \d+/ });
  });

  test('when it has been compared, on its way to S3', async ({ runImport, expectMended }) => {
    await using _ = await spoilingQemuImg({ times: 1, when: 'after compare' });
    const end = await runImport({ converter });
    await expectMended(end, /disk\.vhdx is no longer what was uploaded: converting again with qemu-img/);
  });

  test('while it waited in the work directory for the next run', async ({
    workDirectory,
    runImport,
    strike,
    expectMended,
  }) => {
    strike({
      match: { operation: 'CompleteMultipartUpload' },
      action: { kind: 'error', preset: 'access-denied' },
    });
    expect(await runImport({ converter })).toMatchObject({ exitCode: 1 });
    await flipBit(await fileLike(workDirectory, /disk\.vhdx$/));
    await expectMended(await runImport({ converter }), says);
  });
});

describe('a stored part', () => {
  test.for<[string, FaultRule['action']]>([
    ['with a flipped bit', { kind: 'flip-bit' }],
    ['truncated', { kind: 'truncate', bytes: 4096 }],
    ['duplicated', { kind: 'duplicate' }],
    ['with a flipped bit that lists alone show', { kind: 'flip-bit', shows: 'lists' }],
    ['truncated, which lists alone show', { kind: 'truncate', bytes: 4096, shows: 'lists' }],
    ['duplicated, which lists alone show', { kind: 'duplicate', shows: 'lists' }],
  ])('%s is named, and sent again', async ([_, action], { runImport, strike, expectMended }) => {
    strike({ match: secondPart, action });
    await expectMended(await runImport(), /\b(part 2|parts .* 2)\b/);
  });

  test('spoilt each time is an error that names it', async ({ runImport, strike, expectRefused }) => {
    strike({ match: secondPart, times: 'always', action: { kind: 'flip-bit' } });
    await expectRefused(await runImport(), { code: 'UPLOAD_CORRUPTED', says: /part 2/ });
  });

  test.for<[string, FaultRule['action']]>([
    ['truncated', { kind: 'truncate', bytes: 4096, shows: 'bytes' }],
    ['duplicated', { kind: 'duplicate', shows: 'bytes' }],
  ])('%s at completion, which its size shows', async ([_, action], { runImport, strike, expectMended }) => {
    strike({ match: { operation: 'CompleteMultipartUpload' }, action });
    await expectMended(await runImport(), /./);
  });
});

describe('what S3 stores otherwise than it says is found in the snapshot by --verify', () => {
  const flags = { verify: true };

  test.for<[string, FaultRule]>([
    ['a flipped bit of a part', { match: secondPart, action: { kind: 'flip-bit', shows: 'bytes' } }],
    [
      'a flipped bit of the object',
      {
        match: { operation: 'CompleteMultipartUpload' },
        action: { kind: 'flip-bit', partNumber: 2, shows: 'bytes' },
      },
    ],
  ])(
    '%s: the snapshot goes, and is imported again',
    async ([_, rule], { runImport, strike, expectMended }) => {
      strike(rule);
      const end = await runImport(flags);
      await expectMended(end, /snap-[0-9a-f]+ .*offset \d+/);
      const stages = end.stderr.match(/(?<=verify snapshot: )\w+/g);
      expect(stages, end.stderr).toEqual(['started', 'failed', 'started', 'done']);
    },
  );

  test('each time: it is an error, and the snapshot is not left for a later run to believe', async ({
    account,
    runImport,
    strike,
    expectRefused,
  }) => {
    strike({ match: secondPart, times: 'always', action: { kind: 'flip-bit', shows: 'bytes' } });
    const end = await runImport(flags);
    expect((await account.contents()).snapshots).toEqual([]);
    // Without --verify, too: nothing that was found wrong is there to be used.
    await expectRefused(end, { code: 'SNAPSHOT_DIFFERS', says: /offset \d+/ });
  });
});

describe('a block written by EBS direct', () => {
  const flags = { via: 'ebs', bucket: undefined, 'omit-holes': true, verify: true };

  test('with a flipped bit', async ({ runImport, strike, expectMended }) => {
    strike({ match: { operation: 'PutSnapshotBlock' }, nth: 2, action: { kind: 'flip-bit' } });
    await expectMended(await runImport(flags), /snap-[0-9a-f]+ .*(offset|block) \d+/);
  });

  test('with a flipped bit each time', async ({ account, runImport, strike, expectRefused }) => {
    strike({ match: { operation: 'PutSnapshotBlock' }, times: 'always', action: { kind: 'flip-bit' } });
    const end = await runImport(flags);
    expect((await account.contents()).snapshots).toEqual([]);
    // By the other way: EBS answers the same tokens with the snapshots that are gone, which takes minutes to believe.
    await expectRefused(end, { code: 'SNAPSHOT_DIFFERS', says: /offset \d+/ });
  });

  test('read back with a flipped bit, once', async ({ runImport, strike, expectMended }) => {
    strike({ match: { operation: 'GetSnapshotBlock' }, action: { kind: 'flip-bit' } });
    await expectMended(await runImport(flags), /./);
  });
});

/**
 * Until it is disposed of, qemu-img does what the real one does and, so often, changes one bit of what it has written, is to
 * compare or has found equal.
 */
async function spoilingQemuImg({
  times,
  when,
}: {
  readonly times: number;
  readonly when: 'after convert' | 'after compare';
}): Promise<AsyncDisposable> {
  const path = process.env.PATH;
  const bin = await temporaryDirectory('spoiling-qemu');
  const helper = fileURLToPath(new URL('support/flip-bit.ts', import.meta.url));
  const script = `
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { flipBit } from ${JSON.stringify(helper)};
const args = process.argv.slice(2);
const env = { ...process.env, PATH: ${JSON.stringify(path)} };
async function spoil(moment) {
  const done = readdirSync(import.meta.dirname).filter((name) => name.startsWith('spoilt'));
  if (moment !== '${when}' || done.length >= ${times}) return;
  await flipBit(/"filename":"([^"]+)"/.exec(args.at(-1))?.[1] ?? args.at(-1));
  writeFileSync(import.meta.dirname + '/spoilt' + done.length, '');
}
const { status } = spawnSync('qemu-img', args, { stdio: 'inherit', env });
if (status === 0) await spoil('after ' + args[0]);
process.exitCode = status ?? 1;
`;
  await writeFile(join(bin, 'spoil.mjs'), script);
  const command = `exec '${process.execPath}' --no-warnings '${bin}/spoil.mjs' "$@"`;
  await writeFile(join(bin, 'qemu-img'), `#!/bin/sh\n${command}\n`);
  await chmod(join(bin, 'qemu-img'), 0o755);
  const used = usePath(`${bin}:${path}`);
  return {
    async [Symbol.asyncDispose]() {
      used[Symbol.dispose]();
      await rm(bin, { recursive: true, force: true });
    },
  };
}
