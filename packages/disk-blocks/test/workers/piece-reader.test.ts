import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { test as base, describe, expect } from 'vitest';
import { deflateUnits } from '../../src/workers/deflate.ts';
import { createInflater } from '../../src/workers/inflate.ts';
import { createPieceReader } from '../../src/workers/piece-reader.ts';
import { createPieceList, kinds } from '../../src/workers/pieces.ts';
import { greatestStreamsBytes } from '../../src/workers/stream-places.ts';
import { createUnzstd } from '../../src/workers/zstd.ts';
import { noise } from '../support/images.ts';
import { frameOf } from '../support/zstd-frames.ts';

const clusterSize = 2 ** 20;
const unitBytes = 65_536;
const unitCount = clusterSize / unitBytes;
const notCancelled = () => false;

const contents = ['one', 'two'].map((name) =>
  Buffer.concat([noise(name, clusterSize / 2), Buffer.alloc(clusterSize / 2, name)]),
) as [Buffer, Buffer];
/** How a cluster is compressed, and so that decompressing fails only at its end. */
const ways = [
  ['deflate', kinds.deflate, (content: Buffer) => deflateRawSync(content), cutDeflate],
  ['zstd', kinds.zstd, (content: Buffer) => frameOf(content), wrongChecksum],
] as const;

function cutDeflate(content: Buffer): Buffer {
  return deflateRawSync(content).subarray(0, -100);
}

function wrongChecksum(content: Buffer): Buffer {
  const frame = frameOf(content, { hasChecksum: true });
  frame[frame.length - 1]! ^= 1;
  return frame;
}

const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
  .extend('directory', async ({}, { onCleanup }) => {
    const directory = await mkdtemp(join(tmpdir(), 'piece-reader-'));
    onCleanup(() => rm(directory, { recursive: true }));
    return directory;
  })
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
  .extend('counted', async ({}) => {
    const inflater = createInflater();
    const unzstd = createUnzstd();
    const counted = { count: 0, reader: createPieceReader() };
    const once = <T>(result: T) => {
      counted.count += 1;
      return result;
    };
    counted.reader = createPieceReader({
      inflater: { ...inflater, inflate: (...args) => once(inflater.inflate(...args)) },
      unzstd: (...args) => once(unzstd(...args)),
    });
    return counted;
  });

/** A file of two clusters, the second behind the first, and jobs that read them. */
async function openClusters(path: string, kind: (typeof ways)[number][1], streams: readonly Buffer[]) {
  const file = await open(path, 'w+');
  await file.write(Buffer.concat(streams));
  const offsets = [0, streams[0]!.length];
  /** A part of a cluster, to the beginning of a buffer. */
  const partOf = (cluster: number, skip: number, length: number) => {
    const list = createPieceList();
    const [fileOffset, fileLength] = [offsets[cluster]!, streams[cluster]!.length];
    list.compressed({ kind, fileOffset, fileLength }, skip, length);
    return list.rows();
  };
  const newJob = () => ({ fd: file.fd, clusterSize });
  return { file, partOf, newJob, [Symbol.asyncDispose]: () => file.close() };
}

describe.for(ways)('a cluster of %s', ([, kind, compress, compressDamaged]) => {
  const streams = contents.map((content) => compress(content));

  test('is decompressed once for all units of a job', async ({ directory, counted }) => {
    await using clusters = await openClusters(join(directory, 'units'), kind, streams);
    const units = contents.flatMap((_, cluster) =>
      Array.from({ length: unitCount }, (_, unit) => clusters.partOf(cluster, unit * unitBytes, unitBytes)),
    );
    const room = { unitBytes, leadBytes: 0, alignBytes: 1 };
    const buffer = new SharedArrayBuffer(greatestStreamsBytes({ units: units.length, ...room }));
    const job = { kind: 'deflate', ...clusters.newJob(), level: 1, ...room, buffer, units } as const;
    deflateUnits(counted.reader, job, notCancelled);
    expect(counted.count).toBe(contents.length);
  });

  test('is decompressed once for the parts that neighbouring jobs read', async ({ directory, counted }) => {
    await using clusters = await openClusters(join(directory, 'jobs'), kind, streams);
    const data = Buffer.alloc(2 * unitBytes);
    for (const [cluster, content] of contents.entries())
      for (let skip = 0; skip < clusterSize; skip += data.length) {
        counted.reader.read(
          clusters.newJob(),
          clusters.partOf(cluster, skip, data.length),
          data,
          notCancelled,
        );
        expect(data.equals(content.subarray(skip, skip + data.length))).toBe(true);
      }
    expect(counted.count).toBe(contents.length);
  });

  test('is read again where another file has its place and its descriptor', async ({
    directory,
    counted,
  }) => {
    const data = Buffer.alloc(unitBytes);
    const lengths = streams.map(({ length }) => length);
    // Padded to the same place and length in the file.
    const padded = streams.map((stream) =>
      Buffer.concat([stream, Buffer.alloc(Math.max(...lengths) - stream.length)]),
    );
    const fds = new Set<number>();
    for (const [index, stream] of padded.entries()) {
      await using clusters = await openClusters(join(directory, `file ${index}`), kind, [stream]);
      fds.add(clusters.file.fd);
      counted.reader.read(clusters.newJob(), clusters.partOf(0, 512, unitBytes), data, notCancelled);
      expect(data.equals(contents[index]!.subarray(512, 512 + unitBytes))).toBe(true);
    }
    expect(fds.size).toBe(1);
  });

  test('is read again where the file has changed', async ({ directory, counted }) => {
    const path = join(directory, 'changing');
    await using clusters = await openClusters(path, kind, streams);
    const data = Buffer.alloc(unitBytes);
    const readPart = () =>
      counted.reader.read(clusters.newJob(), clusters.partOf(0, 0, unitBytes), data, notCancelled);
    readPart();
    await clusters.file.write(Buffer.alloc(streams[0]!.length, 0xa5), 0, streams[0]!.length, 0);
    expect(readPart).toThrow('does not decompress');
    const other = await readFile(path);
    streams[0]!.copy(other);
    await clusters.file.write(other, 0, other.length, 0);
    readPart();
    expect(data.equals(contents[0].subarray(0, unitBytes))).toBe(true);
  });

  test('that fails leaves none, in whatever job', async ({ directory, counted }) => {
    const damaged = [streams[0]!, compressDamaged(contents[1])];
    await using clusters = await openClusters(join(directory, 'damaged'), kind, damaged);
    const data = Buffer.alloc(unitBytes);
    const job = clusters.newJob();
    const read = (cluster: number, each = clusters.newJob()) =>
      counted.reader.read(each, clusters.partOf(cluster, 1024, unitBytes), data, notCancelled);
    read(0, job);
    expect(() => read(1, job)).toThrow('does not decompress');
    expect(() => read(1, job)).toThrow('does not decompress');
    expect(() => read(1)).toThrow('does not decompress');
    for (const each of [job, clusters.newJob()]) {
      data.fill(0);
      read(0, each);
      expect(data.equals(contents[0].subarray(1024, 1024 + unitBytes))).toBe(true);
    }
  });
});
