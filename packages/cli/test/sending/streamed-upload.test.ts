import { readdir } from 'node:fs/promises';
import { expectOneOfEach } from '../support/crash-points.ts';
import { describe, expect } from '../support/fixtures.ts';
import { gatedImages, testOfGated } from '../support/gated-images.ts';
import { killRun } from '../support/kill-run.ts';
import { startCli } from '../support/run-cli.ts';
import { answered, expectNoPartTwice, untilParts } from '../support/sent-parts.ts';

const mebibyte = 2 ** 20;

const test = testOfGated(gatedImages['raw.xz']);

describe('a raw.xz by way of S3', { timeout: 120_000 }, () => {
  test.for(['vhdx', 'raw'])(
    'is sent as a %s during the download, and nothing of it is a file',
    async (format, { account, images, mirror, runImport, workDirectory }) => {
      const { url, open } = await mirror();
      const running = runImport({ url, format });
      await untilParts(account, 2, running);
      expect(answered(account, 'CompleteMultipartUpload')).toEqual([]);
      const names = await readdir(workDirectory, { recursive: true });
      expect(names.filter((name) => /\.(xz|raw|vhdx|decompressed|partial)$/.test(name))).toEqual([]);
      open();
      const end = await running;
      await expectOneOfEach({ account }, images, end);
      expect(end.result.proof).toMatchObject({ extent: 'full' });
      const taken = Object.fromEntries(end.result.steps.map(({ step, outcome }) => [step, outcome]));
      expect(taken).toMatchObject({
        download: 'done',
        checksum: 'done',
        convert: 'done',
        upload: 'done',
        prove: 'done',
      });
      expectNoPartTwice(account);
    },
  );

  test('that arrives damaged: another download, which sends no right part twice', async ({
    account,
    images,
    mirror,
    runImport,
  }) => {
    let downloads = 0;
    const damaged = (file: Buffer) =>
      Buffer.from(file).fill(1, file.length - 2 * mebibyte, file.length - mebibyte);
    const served = await mirror({ contentOf: (file) => (downloads < 2 ? damaged(file) : file) });
    // The inspection, and the first download.
    const counting = setInterval(() => {
      downloads = served.answers.filter(({ start, end }) => end - start > mebibyte).length;
    }, 1);
    served.open();
    const end = await runImport({ url: served.url });
    clearInterval(counting);
    await expectOneOfEach({ account }, images, end);
    expect(end.stderr).toContain('downloading again');
    expectNoPartTwice(account);
  });

  test('of a mirror with another ETag each time: a file, as the end of it is not served alone', async ({
    account,
    images,
    mirror,
    runImport,
  }) => {
    const { url, open, answers } = await mirror({ etagOf: (answer) => `"v${answer}"` });
    open();
    const end = await runImport({ url });
    await expectOneOfEach({ account }, images, end);
    expect(end.stderr).toContain('downloading all of it into a file');
    expect(end.stderr).not.toContain('trying again');
    expect(answers.length).toBeLessThan(8);
  });

  test('with another digest leaves nothing', async ({ account, mirror, runImport }) => {
    const { url, open } = await mirror();
    open();
    const { exitCode, result } = await runImport({
      url,
      'checksum-url': undefined,
      sha256: 'ab'.repeat(32),
    });
    expect([exitCode, result.error?.code, result.leftovers]).toEqual([1, 'DIGEST_MISMATCH', []]);
    expect(answered(account, 'UploadPart').length).toBeGreaterThan(0);
    expect(answered(account, 'CompleteMultipartUpload')).toEqual([]);
    expect(await account.contents()).toMatchObject({ images: [], snapshots: [], objects: [], uploads: [] });
  });

  test('is killed with parts sent: the next run sends none of them again', async ({
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
    open();
    const end = await runImport({ url });
    await expectOneOfEach({ account }, images, end);
    expect(end.stderr).toContain('resuming interrupted upload');
    expectNoPartTwice(account);
  });
});
