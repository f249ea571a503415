import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expectOneOfEach } from '../support/crash-points.ts';
import { describe, expect } from '../support/fixtures.ts';
import { gatedImages, testOfGated } from '../support/gated-images.ts';
import { killRun } from '../support/kill-run.ts';
import { startCli } from '../support/run-cli.ts';
import { answered, expectNoPartTwice, untilParts } from '../support/sent-parts.ts';
import { wrongAtEnd, wrongAtFirst } from '../support/wrong-files.ts';

const mebibyte = 2 ** 20;

const test = testOfGated(gatedImages.qcow2, { flags: { connections: 1 } });

describe('an image that is still being downloaded', { timeout: 120_000 }, () => {
  test.for([
    { format: 'vhdx', connections: 1, parts: 2, gate: {} },
    { format: 'vhdx', connections: 4, parts: 2, gate: {} },
    // It is no larger than the image, of 13 MiB.
    { format: 'vmdk', connections: 2, parts: 1, gate: { gateAt: 11 * mebibyte } },
  ])(
    'is sent as a $format before its last byte is there, over $connections connections',
    async ({ parts, gate, ...flags }, { account, images, mirror, runImport, workDirectory }) => {
      const { url, open } = await mirror(gate);
      const running = runImport({ url, ...flags });
      await untilParts(account, parts, running);
      // All that was sent, was sent without the end of the file.
      expect(answered(account, 'CompleteMultipartUpload')).toEqual([]);
      const names = await readdir(workDirectory, { recursive: true });
      expect(names.filter((name) => /disk\.(vhdx|vmdk)(\.partial)?$/.test(name))).toEqual([]);
      open();
      const end = await running;
      await expectOneOfEach({ account }, images, end);
      expectNoPartTwice(account);
      expect(end.result.steps.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
      expect(end.result.proof).toMatchObject({ extent: 'full' });
    },
  );

  test('of a server without ranges is sent once its tables are there', async ({
    account,
    images,
    mirror,
    runImport,
  }) => {
    const { url, open, answers } = await mirror({ ranges: false });
    open();
    await expectOneOfEach({ account }, images, await runImport({ url }));
    expect(answers).toHaveLength(1);
  });

  test('breaks off and is resumed: no part is sent twice', async ({ account, images, mirror, runImport }) => {
    const { url, open, breakOff, answers } = await mirror();
    const running = runImport({ url });
    await untilParts(account, 1, running);
    breakOff();
    await untilParts(account, 2, running);
    open();
    await expectOneOfEach({ account }, images, await running);
    expect(answers.at(-1)!.start).toBeGreaterThan(mebibyte);
    expectNoPartTwice(account);
  });

  test('is replaced on its server meanwhile, by the same: what was sent of it is kept', async ({
    account,
    images,
    mirror,
    runImport,
  }) => {
    let isReplaced = false;
    const etagOf = () => (isReplaced ? '"v2"' : '"v1"');
    const { url, open, breakOff } = await mirror({ etagOf });
    const running = runImport({ url });
    await untilParts(account, 2, running);
    isReplaced = true;
    breakOff();
    open();
    const end = await running;
    expect(end.stderr).toContain('starting over');
    await expectOneOfEach({ account }, images, end);
    expectNoPartTwice(account);
  });

  test('has another digest in the end: nothing is left, and the error says so', async ({
    account,
    mirror,
    runImport,
  }) => {
    const { url, open } = await mirror({ contentOf: wrongAtEnd });
    const running = runImport({ url });
    await untilParts(account, 1, running);
    open();
    const { exitCode, result } = await running;
    expect(exitCode).toBe(1);
    expect(result.error).toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(await account.contents()).toMatchObject({ images: [], snapshots: [], objects: [], uploads: [] });
    expect(answered(account, 'CompleteMultipartUpload')).toEqual([]);
  });

  test('has another digest and is downloaded again: what was sent of it is replaced', async ({
    account,
    images,
    mirror,
    runImport,
  }) => {
    const { url, open } = await mirror({ contentOf: wrongAtFirst });
    const running = runImport({ url });
    await untilParts(account, 1, running);
    open();
    const end = await running;
    expect(end.stderr).toContain('checksum mismatch');
    await expectOneOfEach({ account }, images, end);
  });

  test.for(['s3', 'ebs'])(
    'has a cluster that cannot be decompressed: nothing is left by way of %s',
    async (via, { account, images: { directory }, mirror, runImport }) => {
      const damaged = (file: Buffer) => Buffer.from(file).fill(0xff, 2 * mebibyte, 7 * mebibyte);
      const [name = ''] = (await readdir(directory)).filter((file) => file.endsWith('.qcow2'));
      const content = damaged(await readFile(join(directory, name)));
      const { url, open } = await mirror({ contentOf: damaged });
      open();
      const sha256 = createHash('sha256').update(content).digest('hex');
      const { exitCode, result } = await runImport({ url, via, sha256, 'checksum-url': false });
      expect(exitCode).toBe(1);
      expect(result.error?.code).toBe(via === 's3' ? 'CONVERSION_FAILED' : 'DATA_UNREADABLE');
      expect(await account.contents()).toMatchObject({
        ...{ images: [], snapshots: [], objects: [], uploads: [] },
      });
    },
  );

  test('is killed with parts sent: nothing is left of them by a run that asks for another format', async ({
    account,
    argsOf,
    images,
    mirror,
    runImport,
  }) => {
    const { url, open } = await mirror();
    const run = startCli(argsOf({ url }));
    await untilParts(account, 2, run.ended);
    await killRun(run, account);
    expect((await account.contents()).uploads).toHaveLength(1);
    open();
    await expectOneOfEach({ account }, images, await runImport({ url, format: 'vmdk' }));
  });

  test('is killed with parts sent: the next run sends none of them again', async ({
    account,
    argsOf,
    images,
    mirror,
    runImport,
  }) => {
    const { url, open, answers } = await mirror();
    const run = startCli(argsOf({ url }));
    await untilParts(account, 2, run.ended);
    await killRun(run, account);
    open();
    const end = await runImport({ url });
    await expectOneOfEach({ account }, images, end);
    expect(end.stderr).toContain('resuming download');
    expect(end.stderr).toContain('resuming interrupted upload');
    expectNoPartTwice(account);
    expect(answers.at(-1)!.start).toBeGreaterThan(mebibyte);
  });
});
