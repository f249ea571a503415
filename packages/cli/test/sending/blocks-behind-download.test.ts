import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestAccount } from '../support/account.ts';
import { expectOneOfEach } from '../support/crash-points.ts';
import { describe, expect } from '../support/fixtures.ts';
import { gatedImages, testOfGated } from '../support/gated-images.ts';
import { allCallsEnded } from '../support/kill-run.ts';
import { startCli } from '../support/run-cli.ts';
import { answered, untilAnswered } from '../support/sent-parts.ts';
import { wrongAtEnd, wrongAtFirst } from '../support/wrong-files.ts';

const mebibyte = 2 ** 20;

/** Of the blocks of data in the disk, so many at least are made of what lies before the gate. */
const early = 16;

const untilBlocks = (account: TestAccount, count: number, ended: Promise<unknown>) =>
  untilAnswered(account, { operation: 'PutSnapshotBlock', count }, ended);

/** The index of each block that is sent. */
const blocksSent = (account: TestAccount) =>
  answered(account, 'PutSnapshotBlock').map(({ parameters }) => parameters.BlockIndex);

const stepsOf = (steps: readonly { readonly step: string; readonly outcome: string }[]) =>
  Object.fromEntries(steps.map(({ step, outcome }) => [step, outcome]));

const ebs = { via: 'ebs', bucket: undefined, connections: 1 };
const fewBlocks = { ...ebs, 'omit-holes': true };

const test = testOfGated(gatedImages.qcow2, { flags: fewBlocks, account: { conditions: 'calm' } });

const rawTest = testOfGated(gatedImages.raw, { flags: ebs, account: { conditions: 'calm' } });

describe('a qcow2 by way of EBS direct', { timeout: 180_000 }, () => {
  test.for([1, 4])(
    'is sent before its last byte is there, over %d connections',
    async (connections, { account, images, mirror, runImport }) => {
      const { url, open } = await mirror();
      const running = runImport({ url, connections });
      await untilBlocks(account, early, running);
      expect(answered(account, 'CompleteSnapshot')).toEqual([]);
      open();
      const end = await running;
      await expectOneOfEach({ account }, images, end);
      expect(new Set(blocksSent(account)).size).toBe(blocksSent(account).length);
      expect(stepsOf(end.result.steps)).toMatchObject({
        download: 'done',
        checksum: 'done',
        import: 'done',
        prove: 'done',
      });
      expect(end.result.proof).toMatchObject({ extent: 'full' });
    },
  );

  test('has all its blocks of zeros sent while the download waits', async ({
    account,
    images,
    mirror,
    runImport,
  }) => {
    const { url, open } = await mirror();
    const running = runImport({ url, 'omit-holes': undefined });
    // Of 2,048; some dozens are made of the end of the file.
    await untilBlocks(account, 2000, running);
    open();
    const end = await running;
    await expectOneOfEach({ account }, images, end);
    expect(new Set(blocksSent(account)).size).toBe(2048);
    expect(blocksSent(account)).toHaveLength(2048);
  });

  test.for(['sample', 'none'])(
    'is proven as asked for: %s',
    async (proof, { account, mirror, runImport }) => {
      const { url, open } = await mirror();
      const running = runImport({ url, proof });
      await untilBlocks(account, 2, running);
      open();
      const { exitCode, stderr, result } = await running;
      expect(exitCode, stderr).toBe(0);
      expect(result.proof).toMatchObject({ extent: proof });
    },
  );

  test('is read back by --verify, and compared with the file', async ({
    account,
    images,
    mirror,
    runImport,
  }) => {
    const { url, open } = await mirror();
    const running = runImport({ url, verify: true, 'allow-absent': true });
    await untilBlocks(account, 2, running);
    open();
    const end = await running;
    await expectOneOfEach({ account }, images, end);
    expect(end.stderr).toMatch(/matches the disk \(\d+ blocks compared\)/);
  });

  test('has another digest in the end: nothing is left, and the error says so', async ({
    account,
    mirror,
    runImport,
  }) => {
    const { url, open } = await mirror({ contentOf: wrongAtEnd });
    const running = runImport({ url, proof: 'none' });
    await untilBlocks(account, early, running);
    open();
    const { exitCode, result } = await running;
    expect([exitCode, result.error?.code, result.leftovers]).toEqual([1, 'DIGEST_MISMATCH', []]);
    expect(stepsOf(result.steps)).toMatchObject({ download: 'failed', import: 'skipped' });
    expect(await account.contents()).toMatchObject({ images: [], snapshots: [] });
    expect(answered(account, 'CompleteSnapshot')).toEqual([]);
  });

  test.for(['full', 'none'])(
    'has another digest and is downloaded again: what was sent of it is replaced, with proof %s',
    async (proof, { account, images, mirror, runImport }) => {
      const { url, open } = await mirror({ contentOf: wrongAtFirst });
      const running = runImport({ url, proof });
      await untilBlocks(account, early, running);
      open();
      const end = await running;
      expect(end.stderr).toContain('checksum mismatch');
      expect(end.exitCode, end.stderr).toBe(0);
      expect(answered(account, 'StartSnapshot').length).toBeGreaterThan(0);
      if (proof === 'full') await expectOneOfEach({ account }, images, end);
      // Complete only with the blocks of the disk: EBS has compared their checksum.
      expect((await account.contents()).snapshots).toHaveLength(1);
    },
  );

  test('is of another size at first: deletes what was sent of it', async ({
    account,
    images,
    mirror,
    runImport,
  }) => {
    // Bytes 24 to 31: the size of the disk.
    const largerOnce = (file: Buffer, answer: number) => {
      const wrong = Buffer.from(file);
      if (answer === 1) wrong.writeBigUInt64BE(BigInt(1000 * mebibyte), 24);
      return wrong;
    };
    const { url, open } = await mirror({ contentOf: largerOnce });
    const running = runImport({ url });
    await untilBlocks(account, early, running);
    open();
    const end = await running;
    expect(end.stderr).toContain('checksum mismatch');
    await expectOneOfEach({ account }, images, end);
    expect(answered(account, 'DeleteSnapshot')).toHaveLength(1);
  });

  test('breaks off and is resumed: no block is sent twice', async ({
    account,
    images,
    mirror,
    runImport,
  }) => {
    const { url, open, breakOff, answers } = await mirror();
    const running = runImport({ url });
    await untilBlocks(account, early, running);
    breakOff();
    open();
    await expectOneOfEach({ account }, images, await running);
    expect(answers.at(-1)!.start).toBeGreaterThan(mebibyte);
    expect(new Set(blocksSent(account)).size).toBe(blocksSent(account).length);
  });

  test.for(['SIGINT', 'SIGKILL'] as const)(
    'is stopped by %s with blocks sent: the next run resumes both',
    async (signal, { account, argsOf, images, mirror, runImport }) => {
      const { url, open, answers } = await mirror();
      const { child, ended } = startCli(argsOf({ url }));
      await untilBlocks(account, early, ended);
      child.kill(signal);
      const first = await ended;
      await allCallsEnded(account);
      if (signal === 'SIGINT') {
        expect(first.exitCode).toBe(130);
        expect(first.stdout).toContain('pending snapshot snap-');
      }
      open();
      const end = await runImport({ url });
      await expectOneOfEach({ account }, images, end);
      expect(end.stderr).toContain('resuming download');
      expect(answers.at(-1)!.start).toBeGreaterThan(mebibyte);
      const ids = answered(account, 'StartSnapshot').map(({ parameters }) => parameters.ClientToken);
      expect(new Set(ids).size).toBe(1);
      if (signal === 'SIGKILL') return;
      expect(end.stderr).toMatch(/has \d+ blocks already: resuming/);
      expect(new Set(blocksSent(account)).size).toBe(blocksSent(account).length);
    },
  );

  test('that EBS refuses to take ends the download at once', async ({ account, mirror, runImport }) => {
    const { url } = await mirror();
    const match = { operation: 'PutSnapshotBlock' };
    account.aws.faults.add({ match, times: 'always', action: { kind: 'error', preset: 'access-denied' } });
    const { exitCode, result } = await runImport({ url });
    expect([exitCode, result.error?.code]).toEqual([1, 'ACCESS_DENIED']);
    expect(result.leftovers).toEqual([expect.stringContaining('pending snapshot')]);
  });
});

describe('a raw image by way of EBS direct', { timeout: 180_000 }, () => {
  rawTest('is sent before its last byte is there', async ({ account, images, mirror, runImport }) => {
    const { url, open } = await mirror();
    const running = runImport({ url });
    await untilBlocks(account, 2048 - 80 + early, running);
    expect(answered(account, 'CompleteSnapshot')).toEqual([]);
    open();
    const end = await running;
    await expectOneOfEach({ account }, images, end);
    expect(blocksSent(account)).toHaveLength(2048);
  });

  rawTest(
    'without a partition table is refused in the end, and nothing is left',
    async ({ account, images, mirror, runImport }) => {
      const withoutTable = (file: Buffer) => Buffer.from(file).fill(0, 0, 34 * 512);
      const { url, open } = await mirror({ contentOf: withoutTable });
      const published = await readFile(join(images.directory, new URL(url).pathname));
      const sha256 = createHash('sha256').update(withoutTable(published)).digest('hex');
      const running = runImport({ url, 'checksum-url': undefined, sha256 });
      await untilBlocks(account, early, running);
      open();
      const { exitCode, result } = await running;
      expect([exitCode, result.error?.code, result.leftovers]).toEqual([1, 'NOT_BOOTABLE', []]);
      expect(answered(account, 'CompleteSnapshot')).toEqual([]);
      expect(await account.contents()).toMatchObject({ images: [], snapshots: [] });
    },
  );
});
