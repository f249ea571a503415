import { join } from 'node:path';
import { expectOneOfEach } from '../support/crash-points.ts';
import { describe, expect, testWith } from '../support/fixtures.ts';
import { openGate } from '../support/gated-images.ts';
import { answered, expectNoPartTwice, untilParts } from '../support/sent-parts.ts';

const mebibyte = 2 ** 20;
const disk = { sizeBytes: 40 * mebibyte, dataBytes: 20 * mebibyte };

const test = testWith({ formats: ['raw', 'qcow2'], disk });

test('a raw image is sent before its last byte is there', async ({
  account,
  images,
  runImport,
  onTestFinished,
}) => {
  const gate = await openGate(images, { format: 'raw', disk, gateBeforeEnd: 6 * mebibyte });
  onTestFinished(() => gate[Symbol.asyncDispose]());
  const running = runImport({ url: gate.url });
  await untilParts(account, 1, running);
  expect(answered(account, 'CompleteMultipartUpload')).toEqual([]);
  gate.open();
  const end = await running;
  await expectOneOfEach({ account }, images, end);
  expectNoPartTwice(account);
  expect(end.result.proof).toMatchObject({ extent: 'full' });
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
