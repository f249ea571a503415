import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { converterVersion, type VmdkOptions, vmdkPieces } from '@ec2-image/convert';
import {
  type Deflated,
  type DeflateOptions,
  type ImageReader,
  openImageReader,
} from '@ec2-image/disk-blocks';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mib, qemuImg, run, temporaryDirectory } from './support/disk.ts';
import {
  content,
  type Extent,
  expectReadersAgree,
  isExhaustive,
  readHeader,
  sampleDisk,
  sampling,
  seed,
  writeRaw,
} from './support/layout-file.ts';

const gib = 1024 * mib;
const digest = `sha256:${'5'.repeat(64)}`;

type Deflate = ImageReader['deflate'];
type Reader = Pick<ImageReader, 'sizeBytes' | 'deflate'>;

async function* streamOf(options: VmdkOptions): AsyncGenerator<Buffer> {
  for await (const { bytes } of vmdkPieces(options)) yield Buffer.from(bytes);
}

async function write(path: string, reader: Reader, present: Iterable<Extent>): Promise<void> {
  await pipeline(Readable.from(streamOf({ reader, present, digest })), createWriteStream(path));
}

async function openReader(path: string, format: 'qcow2' | 'raw'): Promise<ImageReader> {
  const { reader, refusal } = await openImageReader({ path, format });
  if (refusal) throw refusal;
  return reader;
}

async function drain(stream: AsyncIterable<Buffer>): Promise<void> {
  for await (const _ of stream);
}

describe('a VMDK written forward holds the disk', () => {
  test(
    `to qemu-img, to our own reader of headers, and to a third one (EC2_IMAGE_SEED=${seed})`,
    sampling,
    async () => {
      const directory = await temporaryDirectory();
      const raw = join(directory, 'disk.raw');
      const path = join(directory, 'disk.vmdk');
      const image = join(directory, 'disk.qcow2');
      const samples = fc.asyncProperty(sampleDisk, fc.boolean(), async (disk, isDeflated) => {
        await rm(raw, { force: true });
        await writeRaw(raw, disk);
        if (isDeflated) await qemuImg('convert', '-c', '-f', 'raw', '-O', 'qcow2', raw, image);
        await using reader = await (isDeflated ? openReader(image, 'qcow2') : openReader(raw, 'raw'));
        await write(path, reader, disk.present);
        await expectReadersAgree(path, { ...disk, format: 'vmdk', raw });
        const first = createHash('sha256').update(await readFile(path));
        await write(path, reader, disk.present);
        expect(
          createHash('sha256')
            .update(await readFile(path))
            .digest('hex'),
        ).toBe(first.digest('hex'));
      });
      await fc.assert(samples, { seed, numRuns: isExhaustive ? 60 : 4 });
    },
  );

  test('of the largest size, with data on both sides of where a grain table ends', async () => {
    const virtualSize = 2048 * gib;
    const path = join(await temporaryDirectory(), 'disk.vmdk');
    const offsets = [32 * mib - 512, 32 * mib, 1024 * gib + 3 * 512, virtualSize - 512];
    const present = offsets.map((offset) => ({ offset, length: 512 }));
    const deflate: Deflate = async (options) =>
      placed(options, (grain) => {
        const bytes = Buffer.alloc(options.unitBytes);
        for (const [index, at] of offsets.entries())
          if (at >= grain && at < grain + bytes.length) bytes.fill(index + 1, at - grain, at - grain + 512);
        return deflateSync(bytes);
      });
    await write(path, { sizeBytes: virtualSize, deflate }, present);
    expect(await readHeader(path)).toMatchObject({ virtualSize });
    const reads = offsets.flatMap((at, index) => [
      `read -P ${index + 1} ${at} 512`,
      `read -P 0 ${at - 512} ${offsets.includes(at - 512) ? 0 : 512}`,
    ]);
    const { stdout } = await run('qemu-io', ['-r', '-f', 'vmdk', ...reads.flatMap((c) => ['-c', c]), path]);
    expect(stdout).not.toMatch(/verification failed|error/i);
    expect(stdout.match(/read 512\/512 bytes/g)).toHaveLength(7);
  });
});

test('what a VMDK deflates is named by its converter', () => {
  expect(converterVersion('vmdk')).toBe(
    `${converterVersion('raw')} node/${process.versions.node} ${process.arch}`,
  );
});

test('a deflated cluster keeps its stream', async () => {
  const directory = await temporaryDirectory();
  const [raw, image, path] = ['disk.raw', 'disk.qcow2', 'disk.vmdk'].map((name) => join(directory, name));
  const present = [{ offset: 0, length: 64 * 1024 }];
  await writeRaw(raw!, { virtualSize: mib, present });
  await qemuImg('convert', '-c', '-f', 'raw', '-O', 'qcow2', raw!, image!);
  await using reader = await openReader(image!, 'qcow2');
  await write(path!, reader, await reader.present());
  const vmdk = await readFile(path!);
  const grainAt = 64 * 1024 + 12;
  const stream = vmdk.subarray(grainAt, grainAt + vmdk.readUInt32LE(grainAt - 4));
  expect(inflateSync(stream).equals(content(0, 64 * 1024))).toBe(true);
  expect((await readFile(image!)).includes(stream.subarray(2, -4))).toBe(true);
});

/** As a reader places the streams. */
function placed(
  { offsets, leadBytes = 0, alignBytes = 1 }: DeflateOptions,
  streamOf: (offset: number) => Buffer | undefined,
): Deflated {
  const records: Buffer[] = [];
  let end = 0;
  const streams = offsets.map((offset) => {
    const stream = streamOf(offset);
    if (!stream) return undefined;
    const place = { offset: end + leadBytes, length: stream.length, crc32: crc32(inflateSync(stream)) };
    const record = Buffer.alloc(Math.ceil((leadBytes + stream.length) / alignBytes) * alignBytes);
    stream.copy(record, leadBytes);
    records.push(record);
    end += record.length;
    return place;
  });
  return { bytes: Buffer.concat(records), streams };
}

describe('a stream that ends early', () => {
  const present = [{ offset: 0, length: 64 * mib }];
  const streamWith = (deflate: Deflate, signal?: AbortSignal) =>
    streamOf({ reader: { sizeBytes: 64 * mib, deflate }, present, digest, signal });

  test('fails as the read does that fails', async () => {
    const lost = new Error('lost');
    const deflate: Deflate = async (options) => {
      if (options.offsets[0]! >= 8 * mib) throw lost;
      return placed(options, (offset) => deflateSync(content(offset, 64 * 1024)));
    };
    await expect(drain(streamWith(deflate))).rejects.toBe(lost);
  });

  test('by an abort, reads no further', async () => {
    const stop = new AbortController();
    const reads: number[] = [];
    const deflate: Deflate = async (options) => {
      const [first] = options.offsets;
      reads.push(first!);
      if (first === 8 * mib) stop.abort();
      return placed(options, () => undefined);
    };
    await expect(drain(streamWith(deflate, stop.signal))).rejects.toMatchObject({ name: 'AbortError' });
    expect(reads.length).toBeLessThan(40);
  });

  test('of a disk above the limit of the format, begins none', async () => {
    const reader: Reader = {
      sizeBytes: 2048 * gib + 512,
      deflate: async () => ({ bytes: Buffer.alloc(0), streams: [] }),
    };
    const stream = vmdkPieces({ reader, present: [], digest });
    await expect(stream.next()).rejects.toMatchObject({ code: 'DISK_TOO_LARGE' });
  });
});
