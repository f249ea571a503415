import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestAccount } from './support/account.ts';
import { expectOneOfEach } from './support/crash-points.ts';
import { describe, expect, testWith } from './support/fixtures.ts';
import { type GatedMirrorOptions, openGatedMirror } from './support/gated-mirror.ts';
import { startCli } from './support/run-cli.ts';

const mebibyte = 2 ** 20;
const fileName = 'Test-Cloud-1.0.x86_64.raw.xz';

// Calm: parts are counted, and one whose answer is lost is sent twice.
const test = testWith({
  formats: ['raw.xz'],
  disk: { sizeBytes: 64 * mebibyte, dataBytes: 28 * mebibyte },
  account: { conditions: 'calm' },
})
  .extend('fileBytes', async ({ images }) => (await stat(join(images.directory, fileName))).size)
  .extend(
    'mirror',
    ({ images, fileBytes }, { onCleanup }) =>
      async (options: Partial<GatedMirrorOptions> = {}) => {
        const mirror = await openGatedMirror({
          directory: images.directory,
          name: fileName,
          gateAt: fileBytes - 4 * mebibyte,
          ...options,
        });
        onCleanup(() => mirror[Symbol.asyncDispose]());
        return mirror;
      },
  );

const answered = ({ aws }: TestAccount, wanted: string) =>
  aws.calls.list().filter(({ operation, status }) => operation === wanted && status === 200);

const partNumbers = (account: TestAccount) =>
  answered(account, 'UploadPart').map(({ parameters }) => parameters.partNumber);

async function parts(account: TestAccount, count: number, ended: Promise<unknown>): Promise<void> {
  const stop = new AbortController();
  void ended.finally(() => stop.abort());
  while (answered(account, 'UploadPart').length < count) {
    expect(stop.signal.aborted, 'the import has ended').toBe(false);
    await delay(20);
  }
}

describe('a raw.xz by way of S3', { timeout: 120_000 }, () => {
  test.for(['vhdx', 'raw'])(
    'is sent as a %s during the download, and nothing of it is a file',
    async (format, { account, images, mirror, runImport, workDirectory }) => {
      const { url, open } = await mirror();
      const running = runImport({ url, format });
      await parts(account, 2, running);
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
      expect(partNumbers(account)).toHaveLength(new Set(partNumbers(account)).size);
    },
  );

  test('that arrives damaged: another download, which sends no right part twice', async ({
    account,
    images,
    mirror,
    runImport,
    fileBytes,
  }) => {
    let downloads = 0;
    const damaged = (file: Buffer) =>
      Buffer.from(file).fill(1, fileBytes - 2 * mebibyte, fileBytes - mebibyte);
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
    expect(answered(account, 'CreateMultipartUpload')).toHaveLength(1);
    expect(partNumbers(account)).toHaveLength(new Set(partNumbers(account)).size);
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
    expect(partNumbers(account).length).toBeGreaterThan(0);
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
    const { child, ended } = startCli(argsOf({ url }));
    await parts(account, 2, ended);
    child.kill('SIGKILL');
    await ended;
    open();
    const end = await runImport({ url });
    await expectOneOfEach({ account }, images, end);
    expect(end.stderr).toContain('resuming interrupted upload');
    expect(answered(account, 'CreateMultipartUpload')).toHaveLength(1);
    expect(partNumbers(account)).toHaveLength(new Set(partNumbers(account)).size);
  });
});
