import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { checksumOf } from '@ec2-image/checksum';
import { type FileRange, makeDisk, type StreamedDisk, streamDisk } from '@ec2-image/convert';
import { blockSizeBytes, streamBlocks } from '@ec2-image/disk-blocks';
import { describe, expect } from 'vitest';
import { mib } from './support/disk.ts';
import { digest, testOfDisk, virtualSize } from './support/disk-fixtures.ts';
import { wholeFile } from './support/made-file.ts';

const test = testOfDisk
  .extend('readings', () => ({ count: 0 }))
  .extend(
    'stream',
    ({ raw, readings }) =>
      (format: 'vhdx' | 'vhd' | 'raw') =>
        streamDisk({
          format,
          virtualSize,
          digest,
          blocks({ signal }) {
            readings.count += 1;
            return streamBlocks(createReadStream(raw, { highWaterMark: 300_000, signal }));
          },
        }),
  );

function rangesOf(maxSize: number, length: number): FileRange[] {
  return Array.from({ length: Math.ceil(maxSize / length) }, (_, index) => ({
    start: index * length,
    end: Math.min((index + 1) * length, maxSize),
  }));
}

/** All of the file, no more ranges asked for at a time than it takes. */
async function madeOf(disk: StreamedDisk, length: number): Promise<Buffer> {
  const ranges = rangesOf(disk.maxSize, length);
  const next = ranges.entries();
  const made = new Map<number, Buffer>();
  const work = async () => {
    for (const [index, range] of next) {
      const buffer = new SharedArrayBuffer(length);
      new Uint8Array(buffer).fill(0xee);
      const part = await disk.make(range, { buffer });
      if (!part) continue;
      expect(part.checksum).toBe(checksumOf('CRC32', part.bytes));
      made.set(index, part.bytes);
    }
  };
  const workers = Math.ceil(disk.headBytes / length) + 1;
  await Promise.all(Array.from({ length: workers }, work));
  return Buffer.concat(ranges.flatMap((_, index) => made.get(index) ?? []));
}

describe.for(['vhdx', 'vhd', 'raw'] as const)('a streamed %s', (format) => {
  test('is the file that is made from an image, whatever its ranges', async ({
    directory,
    qcow2,
    stream,
  }) => {
    const output = join(directory, 'out');
    await using made = await makeDisk({ image: { path: qcow2, digest }, format, output });
    const whole = await wholeFile(made);
    await using disk = stream(format);
    for (const length of [8 * mib, 3 * mib + 1536]) {
      const bytes = await madeOf(disk, length);
      expect(bytes.equals(whole), `ranges of ${length}`).toBe(true);
    }
    await disk.checkStructure({});
  });
});

test('restarts where its first range is asked for again, and not elsewhere', async ({ stream, readings }) => {
  await using disk = stream('vhdx');
  const ask = (start: number) =>
    disk.make({ start, end: start + 8 * mib }, { buffer: new SharedArrayBuffer(8 * mib) });
  const head = ask(0);
  await ask(8 * mib);
  await expect(ask(8 * mib)).rejects.toThrow(RangeError);
  const again = ask(0);
  await expect(head).rejects.toThrow('the reading has ended');
  again.catch(() => {});
  await ask(8 * mib);
  expect(readings.count).toBe(2);
});

test('fails as its stream does, and leaves nothing waiting', async () => {
  const failure = new Error('the digest is another');
  await using disk = streamDisk({
    format: 'raw',
    virtualSize,
    digest,
    async *blocks() {
      yield { index: 0, data: Buffer.alloc(blockSizeBytes, 1), release() {} };
      throw failure;
    },
  });
  await expect(madeOf(disk, 8 * mib)).rejects.toBe(failure);
});
