import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { converterVersion, deflatedGrains, vmdkStream } from '@ec2-image/convert';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectSameDisk, mib, qemuImg, run, temporaryDirectory } from './support/disk.ts';
import {
  content,
  type Extent,
  hasSleuthKit,
  isExhaustive,
  outputDigest,
  readHeader,
  type SampleDisk,
  sampleDisk,
  sampling,
  seed,
  writeRaw,
} from './support/layout-file.ts';

const gib = 1024 * mib;
const digest = `sha256:${'5'.repeat(64)}`;

interface Written extends SampleDisk {
  readonly read: (stretch: Extent) => Promise<Buffer>;
  readonly path: string;
}

const streamOf = ({ virtualSize, present, read }: Omit<Written, 'path'>, signal?: AbortSignal) =>
  vmdkStream({ virtualSize, present, digest, pack: deflatedGrains(read, virtualSize), signal });

async function write({ path, ...disk }: Written): Promise<void> {
  await pipeline(Readable.from(streamOf(disk)), createWriteStream(path));
}

async function drain(stream: AsyncIterable<Buffer>): Promise<void> {
  for await (const _ of stream);
}

async function readerOf(raw: string) {
  const handle = await open(raw);
  return {
    read: async ({ offset, length }: Extent) => {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, offset);
      if (bytesRead !== length) throw new Error(`the disk ends before byte ${offset + length}`);
      return buffer;
    },
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

describe('a VMDK written forward holds the disk', () => {
  test(
    `to qemu-img, to our own reader of headers, and to a third one (EC2_IMAGE_SEED=${seed})`,
    sampling,
    async () => {
      const directory = await temporaryDirectory();
      const raw = join(directory, 'disk.raw');
      const path = join(directory, 'disk.vmdk');
      const samples = fc.asyncProperty(sampleDisk, async (disk) => {
        await rm(raw, { force: true });
        await writeRaw(raw, disk);
        await using reader = await readerOf(raw);
        await write({ ...disk, ...reader, path });
        await expectSameDisk(path, 'vmdk', raw);
        await qemuImg('check', '-f', 'vmdk', path);
        expect(await readHeader(path)).toMatchObject({ virtualSize: disk.virtualSize });
        if (hasSleuthKit) expect(await outputDigest('img_cat', path)).toBe(await outputDigest('cat', raw));
        const first = createHash('sha256').update(await readFile(path));
        await write({ ...disk, ...reader, path });
        expect(
          createHash('sha256')
            .update(await readFile(path))
            .digest('hex'),
        ).toBe(first.digest('hex'));
      });
      await fc.assert(samples, { seed, numRuns: isExhaustive ? 100 : 8 });
    },
  );

  test('of the largest size, with data on both sides of where a grain table ends', async () => {
    const virtualSize = 2048 * gib;
    const path = join(await temporaryDirectory(), 'disk.vmdk');
    const offsets = [32 * mib - 512, 32 * mib, 1024 * gib + 3 * 512, virtualSize - 512];
    const present = offsets.map((offset) => ({ offset, length: 512 }));
    await write({
      virtualSize,
      present,
      path,
      read: async ({ offset, length }) => {
        const bytes = Buffer.alloc(length);
        for (const [index, at] of offsets.entries())
          if (at >= offset && at < offset + length) bytes.fill(index + 1, at - offset, at - offset + 512);
        return bytes;
      },
    });
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
    `${converterVersion('raw')} zlib/${process.versions.zlib} ${process.arch}`,
  );
});

describe('a stream that ends early', () => {
  const disk = { virtualSize: 64 * mib, present: [{ offset: 0, length: 64 * mib }] };

  test('fails as the read does that fails', async () => {
    const lost = new Error('lost');
    const read = async ({ offset, length }: Extent) => {
      if (offset >= 8 * mib) throw lost;
      return content(offset, length);
    };
    await expect(drain(streamOf({ ...disk, read }))).rejects.toBe(lost);
  });

  test('by an abort, reads no further', async () => {
    const stop = new AbortController();
    const reads: number[] = [];
    const read = async ({ offset, length }: Extent) => {
      reads.push(offset);
      if (offset === 8 * mib) stop.abort();
      return content(offset, length);
    };
    await expect(drain(streamOf({ ...disk, read }, stop.signal))).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(reads.length).toBeLessThan(40);
  });

  test('of a disk above the limit of the format, begins none', async () => {
    const read = async () => Buffer.alloc(0);
    const stream = streamOf({ virtualSize: 2048 * gib + 512, present: [], read });
    await expect(stream.next()).rejects.toMatchObject({ code: 'DISK_TOO_LARGE' });
  });
});
