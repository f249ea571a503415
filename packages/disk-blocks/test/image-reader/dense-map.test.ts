import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ImageReader, type ImageReaderOptions, openImageReader } from '@ec2-image/disk-blocks';
import { type MakeDenseQcow2Options, makeDenseQcow2 } from '@ec2-image/sample-image';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';

const gib = 2 ** 30;
const tib = 2 ** 40;

/** In milliseconds, as the code under test is told it. */
let now = 0;
let msPerLook = 0;

beforeEach(() => {
  now = 0;
  msPerLook = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => {
    now += msPerLook;
    return now;
  });
});
afterEach(() => vi.restoreAllMocks());

/** The image as it arrives, all of it at once, and which of its L2 tables have been asked for. */
async function openDense(
  image: Pick<MakeDenseQcow2Options, 'sizeBytes' | 'clusters'>,
  options: Omit<Partial<ImageReaderOptions>, 'path' | 'format'> = {},
): Promise<{
  readonly reader: ImageReader;
  readonly tablesRead: number[];
  readonly path: string;
  readonly fileSize: number;
}> {
  const directory = await mkdtemp(join(tmpdir(), 'dense-map-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, 'image.qcow2');
  // So many that each one read is asked for: from the reader's memory they come much later.
  const { fileBytes: fileSize, tablesOffset } = await makeDenseQcow2({ path, ...image, tables: 64 });
  const tablesRead: number[] = [];
  const arrived = async ({ offset }: { offset: number }) => {
    if (offset >= tablesOffset) tablesRead.push(offset);
  };
  const growing = { fileSize, arrived };
  const { reader } = await openImageReader({ path, format: 'qcow2', growing, ...options });
  onTestFinished(() => reader![Symbol.asyncDispose]());
  return { reader: reader!, tablesRead, path, fileSize };
}

describe('a map that holds more than the limit', () => {
  test.for([
    [16 * tib, 'data', 512],
    [tib, 'subclusters', 256],
  ] as const)(
    'is refused when it is passed, the rest unread: %s of %s',
    async ([sizeBytes, clusters, mibOfTable]) => {
      const maxDataBytes = gib;
      const { reader, tablesRead, path } = await openDense({ sizeBytes, clusters }, { maxDataBytes });
      const refusal = { name: 'DiskBlocksError', code: 'DISK_TOO_LARGE', maxDataBytes };
      await expect(reader.present()).rejects.toMatchObject(refusal);
      expect(tablesRead).toHaveLength(1024 / mibOfTable + 1);
      await expect(openImageReader({ path, format: 'qcow2', maxDataBytes })).rejects.toMatchObject(refusal);
    },
  );

  test('is taken where it holds just as much', async () => {
    const { reader } = await openDense({ sizeBytes: 4 * gib, clusters: 'data' }, { maxDataBytes: 4 * gib });
    expect(await reader.present()).toEqual([{ offset: 0, length: 4 * gib }]);
  });

  test('is refused when it takes too long to read, though it holds nothing but zeros', async () => {
    msPerLook = 1;
    const { reader, path } = await openDense({ sizeBytes: 16 * tib, clusters: 'zeros' }, { maxMapMs: 1000 });
    const refusal = { code: 'DISK_TOO_LARGE', maxMapMs: 1000 };
    await expect(reader.present()).rejects.toMatchObject(refusal);
    expect(now).toBeLessThan(10_000);
    await expect(openImageReader({ path, format: 'qcow2', maxMapMs: 1000 })).rejects.toMatchObject(refusal);
  });

  test('is not refused for the time that it takes to arrive', async () => {
    const { path, fileSize } = await openDense({ sizeBytes: gib, clusters: 'zeros' });
    const arrived = async () => {
      now += 3_600_000;
    };
    const opened = await openImageReader({ path, format: 'qcow2', growing: { fileSize, arrived } });
    await using reader = opened.reader!;
    expect(await reader.present()).toEqual([]);
  });
});

describe('an abort while a map is read', () => {
  test.for(['data', 'zeros', 'subclusters'] as const)(
    'ends it, and nothing more is read: %s',
    async (clusters) => {
      msPerLook = 1;
      const { reader, tablesRead } = await openDense({ sizeBytes: tib, clusters });
      const abort = new AbortController();
      setImmediate(() => abort.abort(new Error('enough')));
      await expect(reader.present({ signal: abort.signal })).rejects.toThrow('enough');
      const count = tablesRead.length;
      expect(count).toBeLessThan(8);
      for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
      expect(tablesRead).toHaveLength(count);
    },
  );

  test('ends many short questions, too, whose tables are all there', async () => {
    msPerLook = 1;
    const { reader } = await openDense({ sizeBytes: tib, clusters: 'subclusters' });
    const abort = new AbortController();
    const { signal } = abort;
    setImmediate(() => abort.abort(new Error('enough')));
    const asking = async () => {
      for (let index = 0; index < 10_000; index++)
        await reader.fileEnd({ offset: (index % 100) * 65_536, length: 65_536 }, { signal });
    };
    await expect(asking()).rejects.toThrow('enough');
  });
});
