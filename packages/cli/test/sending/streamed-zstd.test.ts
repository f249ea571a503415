import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { expectOneOfEach } from '../support/crash-points.ts';
import { describe, expect } from '../support/fixtures.ts';
import { gatedImages, testOfGated } from '../support/gated-images.ts';
import { answered, expectNoPartTwice, untilParts } from '../support/sent-parts.ts';

const mebibyte = 2 ** 20;

const test = testOfGated(gatedImages['raw.zst']);

describe('a raw.zst', { timeout: 120_000 }, () => {
  test('of one frame, which tells its size, is sent during the download, and nothing of it is a file', async ({
    account,
    images,
    mirror,
    runImport,
    workDirectory,
  }) => {
    const { url, open } = await mirror();
    const running = runImport({ url });
    await untilParts(account, 2, running);
    expect(answered(account, 'CompleteMultipartUpload')).toEqual([]);
    const names = await readdir(workDirectory, { recursive: true });
    expect(names.filter((name) => /\.(zst|raw|vhdx|decompressed|partial)$/.test(name))).toEqual([]);
    open();
    const end = await running;
    await expectOneOfEach({ account }, images, end);
    expectNoPartTwice(account);
    expect(end.result.proof).toMatchObject({ extent: 'full' });
  });

  test.for([
    ['s3', {}],
    ['ebs', { bucket: undefined, 'omit-holes': true }],
  ] as const)(
    'of another frame behind the one that tells a size goes by a file, all of it: %s',
    async ([via, flags], { account, images, mirror, runImport }) => {
      // Zeros that the partition table knows nothing of: only the end of the download shows them.
      const longer = (file: Buffer) => Buffer.concat([file, zstdCompressSync(Buffer.alloc(3 * mebibyte))]);
      const { url, open } = await mirror({ contentOf: longer });
      open();
      const published = await readFile(join(images.directory, new URL(url).pathname));
      const sha256 = createHash('sha256').update(longer(published)).digest('hex');
      const end = await runImport({ url, via, 'checksum-url': undefined, sha256, ...flags });
      expect(end.stderr).toContain('which does not match its content; downloading again');
      await expectOneOfEach({ account }, images, end);
    },
  );
});
