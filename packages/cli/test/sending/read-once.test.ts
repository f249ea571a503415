import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { alterFile } from '../support/alter-file.ts';
import { expectOneOfEach } from '../support/crash-points.ts';
import { describe, expect, testWith } from '../support/fixtures.ts';
import { openGate } from '../support/gated-images.ts';
import { killRun } from '../support/kill-run.ts';
import { startCli } from '../support/run-cli.ts';
import { answered, expectNoPartTwice, untilParts } from '../support/sent-parts.ts';

const mebibyte = 2 ** 20;
const disk = { sizeBytes: 40 * mebibyte, dataBytes: 20 * mebibyte };

const test = testWith({ formats: ['raw', 'qcow2'], disk })
  /** The download of the raw image waits before its end. */
  .extend('gate', async ({ images }, { onCleanup }) => {
    const gate = await openGate(images, { format: 'raw', disk, gateBeforeEnd: 6 * mebibyte });
    onCleanup(() => gate[Symbol.asyncDispose]());
    return gate;
  });

describe('a raw image', { timeout: 120_000 }, () => {
  test.for(['vhdx', 'raw'])(
    'is sent as a %s before its last byte is there',
    async (format, { account, gate, images, runImport }) => {
      const running = runImport({ url: gate.url, format });
      await untilParts(account, 1, running);
      expect(answered(account, 'CompleteMultipartUpload')).toEqual([]);
      gate.open();
      const end = await running;
      await expectOneOfEach({ account }, images, end);
      expectNoPartTwice(account);
      expect(end.result.proof).toMatchObject({ extent: 'full' });
    },
  );

  test('that stays raw is killed with parts sent: the next run sends none of them again', async ({
    account,
    argsOf,
    gate,
    images,
    runImport,
  }) => {
    const flags = { url: gate.url, format: 'raw' };
    const run = startCli(argsOf(flags));
    await untilParts(account, 1, run.ended);
    await killRun(run, account);
    gate.open();
    const end = await runImport(flags);
    await expectOneOfEach({ account }, images, end);
    expect(end.stderr).toContain('resuming interrupted upload');
    expectNoPartTwice(account);
  });

  test('that stays raw is altered in the work directory once it is sent: it fails the proof', async ({
    account,
    gate,
    images,
    runImport,
    workDirectory,
  }) => {
    const match = { operation: 'CompleteMultipartUpload' };
    const completing = account.aws.faults.add({ match, times: 'always', action: { kind: 'hang' } });
    const running = runImport({ url: gate.url, format: 'raw', connections: 1 });
    // What has arrived before anything is sent is a file, which is hashed as it is sent.
    await untilParts(account, 1, running);
    gate.open();
    await completing.struck;
    const names = await readdir(workDirectory, { recursive: true });
    await alterFile(join(workDirectory, names.find((name) => name.endsWith('.raw'))!));
    completing.remove();
    const { exitCode, result } = await running;
    expect([exitCode, result.error?.code]).toEqual([1, 'IMAGE_CHANGED']);
    expect(await account.contents()).toMatchObject({ images: [], snapshots: [], objects: [], uploads: [] });
    await expectOneOfEach({ account }, images, await runImport({ url: gate.url, format: 'raw' }));
  });
});

describe.for(['raw', 'qcow2'] as const)('a local %s', (format) => {
  const pathIn = (directory: string) => join(directory, `Test-Cloud-1.0.x86_64.${format}`);

  test('is hashed while it is sent', async ({ account, images, runImport }) => {
    const end = await runImport({ url: pathIn(images.directory) });
    await expectOneOfEach({ account }, images, end);
    expectNoPartTwice(account);
  });

  test('with another digest leaves nothing', async ({ account, images, runImport }) => {
    const { exitCode, result } = await runImport({
      url: pathIn(images.directory),
      'checksum-url': undefined,
      sha256: 'ab'.repeat(32),
    });
    expect([exitCode, result.error?.code, result.leftovers]).toEqual([1, 'DIGEST_MISMATCH', []]);
    expect(answered(account, 'CompleteMultipartUpload')).toEqual([]);
    expect(await account.contents()).toMatchObject({ images: [], snapshots: [], objects: [], uploads: [] });
  });
});
