import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type MakeDenseQcow2Options, makeDenseQcow2 } from '@ec2-image/sample-image';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { mebibyte, scratchDirectory } from './scratch.ts';

interface Extent {
  readonly start: number;
  readonly length: number;
  readonly data: boolean;
  readonly zero: boolean;
  readonly offset?: number;
}

/** What qemu-img reads from the image's map. */
async function mapOf(path: string): Promise<Extent[]> {
  const { stdout } = await execa('qemu-img', ['map', '--output=json', '-f', 'qcow2', path]);
  return JSON.parse(stdout);
}

const clusterBytes = 65_536;
/** Of more than two L2 tables, and not a whole number of clusters. */
const sizeBytes = 1100 * mebibyte + 512;
const clusterCount = Math.ceil(sizeBytes / clusterBytes);

test.for([1, 2, 3])('every cluster of the disk holds the same data: by %s L2 tables', async (tables) => {
  const path = join(await scratchDirectory(), 'dense.qcow2');
  const image = await makeDenseQcow2({ path, sizeBytes, tables });
  expect(image).toEqual({ path, fileBytes: (await stat(path)).size, tablesOffset: expect.any(Number) });
  expect(image.fileBytes - image.tablesOffset).toBe(tables * clusterBytes);
  const extents = await mapOf(path);
  expect(extents).toHaveLength(clusterCount);
  const isData = ({ data, offset }: Extent) => data && offset === image.tablesOffset;
  expect(extents.every(isData)).toBe(true);
});

test('or zeros', async () => {
  const path = join(await scratchDirectory(), 'dense.qcow2');
  await makeDenseQcow2({ path, sizeBytes, clusters: 'zeros' });
  expect(await mapOf(path)).toMatchObject([{ start: 0, length: sizeBytes, zero: true, data: false }]);
});

test('or both by turns', async () => {
  const path = join(await scratchDirectory(), 'dense.qcow2');
  await makeDenseQcow2({ path, sizeBytes: 8 * clusterBytes, clusters: 'subclusters' });
  const extents = await mapOf(path);
  expect(extents.map(({ data }) => data)).toEqual(
    Array.from({ length: 8 * 32 }, (_, index) => index % 2 === 0),
  );
  expect(new Set(extents.map(({ length }) => length))).toEqual(new Set([clusterBytes / 32]));
});

test.for<Pick<MakeDenseQcow2Options, 'sizeBytes' | 'clusters'>>([
  { sizeBytes: 16 * 2 ** 40, clusters: 'data' },
  { sizeBytes: 2 ** 40, clusters: 'subclusters' },
])('takes less than a mebibyte for a disk of $sizeBytes bytes: $clusters', async (options) => {
  const path = join(await scratchDirectory(), 'dense.qcow2');
  await writeFile(path, 'what is there is replaced');
  const { fileBytes } = await makeDenseQcow2({ path, ...options });
  expect(fileBytes).toBeLessThan(mebibyte);
  const { stdout } = await execa('qemu-img', ['info', '--output=json', '-f', 'qcow2', path]);
  expect(JSON.parse(stdout)['virtual-size']).toBe(options.sizeBytes);
});

test('a size that QEMU has no disk of, and an abort, leave nothing', async () => {
  const directory = await scratchDirectory();
  const path = join(directory, 'dense.qcow2');
  await expect(makeDenseQcow2({ path, sizeBytes: 2 ** 62 })).rejects.toMatchObject({ code: 'TOOL_FAILED' });
  const reason = new Error('enough');
  const signal = AbortSignal.abort(reason);
  await expect(makeDenseQcow2({ path, sizeBytes: mebibyte, signal })).rejects.toBe(reason);
  expect(await readdir(directory)).toEqual([]);
});
