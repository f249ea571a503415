import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, deflateRawSync, inflateSync } from 'node:zlib';
import { test as base, expect } from 'vitest';
import { replaceCluster } from '../support/clusters.ts';
import { deflatedStreams } from '../support/deflated-streams.ts';
import { convert, makeDisk, openReader } from '../support/images.ts';

const sizeBytes = 2 * 2 ** 20 + 1536;
const unitBytes = 65_536;
const offsets = Array.from({ length: 33 }, (_, index) => index * unitBytes);

// biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
const test = base.extend('disk', { scope: 'file' }, async ({}, { onCleanup }) => {
  const directory = await mkdtemp(join(tmpdir(), 'deflate-'));
  onCleanup(() => rm(directory, { recursive: true }));
  const raw = join(directory, 'disk.raw');
  await makeDisk(raw, sizeBytes);
  const bytes = Buffer.alloc(33 * unitBytes);
  (await readFile(raw)).copy(bytes);
  return { directory, raw, units: offsets.map((offset) => bytes.subarray(offset, offset + unitBytes)) };
});

/** Inflated as a whole: header, stream and checksum have to be right, and nothing may follow. */
function inflated(stream: Buffer): Buffer {
  const { buffer, engine } = inflateSync(stream, { info: true }) as unknown as {
    buffer: Buffer;
    engine: { bytesWritten: number };
  };
  expect(engine.bytesWritten).toBe(stream.length);
  return buffer;
}

test.for([
  ['deflate', 'cluster_size=64k'],
  ['deflate in version 2', 'cluster_size=64k,compat=0.10'],
  ['deflate in subclusters', 'cluster_size=64k,extended_l2=on'],
  ['smaller clusters', 'cluster_size=4k'],
  ['larger clusters', 'cluster_size=2M'],
  ['zstd', 'compression_type=zstd'],
])(
  'each unit is a zlib stream of its bytes, none where there are zeros: %s',
  async ([, options], { disk }) => {
    const path = join(disk.directory, `${options}.qcow2`);
    await convert(disk.raw, path, ['-c', '-o', options!]);
    await using reader = await openReader(path);
    const streams = deflatedStreams(await reader.deflate({ offsets, unitBytes }));
    for (const [index, unit] of disk.units.entries()) {
      const stream = streams[index];
      if (unit.every((byte) => byte === 0)) expect(stream).toBeUndefined();
      else expect(inflated(stream!).equals(unit)).toBe(true);
    }
  },
);

test('a deflated cluster keeps the stream that it has in the image', async ({ disk }) => {
  const path = join(disk.directory, 'kept.qcow2');
  await convert(disk.raw, path, ['-c']);
  await using reader = await openReader(path);
  const [stream] = deflatedStreams(await reader.deflate({ offsets: [5 * unitBytes], unitBytes }));
  expect((await readFile(path)).indexOf(stream!.subarray(2, -4))).toBeGreaterThan(0);
});

test('a stream without an end, which QEMU takes, gets one', async ({ disk }) => {
  const path = join(disk.directory, 'endless.qcow2');
  await convert(disk.raw, path, ['-c']);
  // A flush ends on a whole byte, and says that more follows: empty blocks, here.
  const endless = deflateRawSync(disk.units[5]!, { level: 9, finishFlush: constants.Z_SYNC_FLUSH });
  const cluster = Buffer.alloc(2048, Buffer.from([0, 0, 0, 0xff, 0xff]));
  cluster.copy(cluster, endless.length, 0, cluster.length - endless.length);
  endless.copy(cluster);
  await replaceCluster(path, 5, cluster);
  await using reader = await openReader(path);
  const [stream] = deflatedStreams(await reader.deflate({ offsets: [5 * unitBytes], unitBytes }));
  expect(inflated(stream!).equals(disk.units[5]!)).toBe(true);
});

test('streams have the room in front of them that was asked for, and end on whole sectors', async ({
  disk,
}) => {
  const path = join(disk.directory, 'placed.qcow2');
  await convert(disk.raw, path, ['-c']);
  await using reader = await openReader(path);
  const places = { leadBytes: 12, alignBytes: 512 };
  const deflated = await reader.deflate({ offsets, unitBytes, ...places });
  const alone = deflatedStreams(await reader.deflate({ offsets, unitBytes }));
  expect(deflatedStreams(deflated)).toEqual(alone);
  let end = 0;
  for (const place of deflated.streams) {
    if (!place) continue;
    expect(place.offset).toBe(end + places.leadBytes);
    const streamEnd = place.offset + place.length;
    end = Math.ceil(streamEnd / places.alignBytes) * places.alignBytes;
    const free = [
      ...deflated.bytes.subarray(place.offset - places.leadBytes, place.offset),
      ...deflated.bytes.subarray(streamEnd, end),
    ];
    expect(free.every((byte) => byte === 0)).toBe(true);
  }
  expect(deflated.bytes.length).toBe(end);
});

test('units that do not begin on the disk are refused', async ({ disk }) => {
  await using reader = await openReader(disk.raw, 'raw');
  for (const offset of [-512, 100, sizeBytes])
    await expect(reader.deflate({ offsets: [offset], unitBytes })).rejects.toThrow(RangeError);
});
