import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, gzipSync, zstdCompressSync } from 'node:zlib';
import { convertImage } from '@ec2-image/convert';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decompress } from '../src/decompress/decompress.ts';
import { writeSparse } from '../src/decompress/sparse-writer.ts';
import { compressed, makeRawDisk, mib, temporaryDirectory } from './support/disk.ts';

type Compression = 'bzip2' | 'gzip' | 'xz' | 'zstd';
const compressions: readonly Compression[] = ['bzip2', 'gzip', 'xz', 'zstd'];

async function* splitChunks(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

async function decompressed(
  compression: Compression,
  bytes: Buffer,
  {
    chunk = 65536,
    ...options
  }: { chunk?: number; memoryBytes?: number; onNotice?: (message: string) => void } = {},
): Promise<Buffer> {
  const parts: Buffer[] = [];
  const source = splitChunks(bytes, chunk);
  for await (const part of decompress({ compression, source, ...options })) parts.push(part);
  return Buffer.concat(parts);
}

describe.each(compressions)('%s', (compression) => {
  const [first, second] = [Buffer.alloc(3 * mib, 'abc'), randomBytes(100_000)];

  test('gives back what its own program compressed, in chunks of any length', async () => {
    const bytes = await compressed(compression, second);
    for (const chunk of [7, 1000, mib]) {
      expect((await decompressed(compression, bytes, { chunk })).equals(second)).toBe(true);
    }
  });

  test('reads concatenated streams as one, wherever the chunks end', async () => {
    const [a, b] = [await compressed(compression, first), await compressed(compression, second)];
    const both = Buffer.concat([first, second]);
    for (const chunk of [a.length - 1, a.length, a.length + 1, a.length + b.length]) {
      expect((await decompressed(compression, Buffer.concat([a, b]), { chunk })).equals(both)).toBe(true);
    }
  });

  test('cut short: in the first stream, in the second, and at nothing', async () => {
    const [a, b] = [await compressed(compression, first), await compressed(compression, second)];
    const cut = [a.subarray(0, -3), Buffer.concat([a, b.subarray(0, -3)]), a.subarray(0, 9)];
    for (const bytes of cut) {
      await expect(decompressed(compression, bytes)).rejects.toMatchObject({ code: 'TRUNCATED_COMPRESSION' });
    }
  });

  test('damaged: in the data, and in the checksum', async () => {
    const bytes = await compressed(compression, second);
    for (const at of [bytes.length >> 1, bytes.length - 6]) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1;
      await expect(decompressed(compression, damaged)).rejects.toMatchObject({ code: 'CORRUPT_COMPRESSION' });
    }
  });

  test('the error of its source is the error', async () => {
    const bytes = await compressed(compression, second);
    const source = (async function* () {
      yield bytes.subarray(0, 5000);
      throw new Error('the connection broke');
    })();
    const read = async () => {
      for await (const _ of decompress({ compression, source }));
    };
    await expect(read()).rejects.toThrow('the connection broke');
  });

  test('left early, it ends its source; aborted, it throws the reason', async () => {
    const bytes = await compressed(compression, randomBytes(4 * mib));
    let ended = false;
    const endless = async function* () {
      try {
        for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
      } finally {
        ended = true;
      }
    };
    for await (const part of decompress({ compression, source: endless() })) {
      expect(part.length).toBeGreaterThan(0);
      break;
    }
    await expect.poll(() => ended).toBe(true);

    const controller = new AbortController();
    const reason = new Error('enough');
    const read = async () => {
      for await (const _ of decompress({ compression, source: endless(), signal: controller.signal }))
        controller.abort(reason);
    };
    await expect(read()).rejects.toBe(reason);
  });

  test('a bomb is stopped at the limit, and leaves nothing', async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, 'bomb');
    const disk = join(directory, 'disk');
    await makeRawDisk(disk, { size: 40 * mib, random: 512 });
    const content = await readFile(disk);
    const zeros = content.length - mib;
    await writeFile(path, await compressed(compression, content, ['-1']));
    const image = { path };
    const options = { format: 'raw', output: join(directory, 'out'), maxDiskSize: 39 * mib } as const;
    expect((await convertImage({ image, ...options })).virtualSize).toBe(40 * mib);
    await rm(options.output);
    await writeFile(path, await compressed(compression, content.fill('a', mib, mib + zeros), ['-1']));
    expect((await stat(path)).size).toBeLessThan(mib / 2);
    const converting = convertImage({ image, ...options, maxDiskSize: 38 * mib });
    await expect(converting).rejects.toMatchObject({ code: 'DISK_TOO_LARGE', maxDiskSize: 38 * mib });
    expect((await readdir(directory)).sort()).toEqual(['bomb', 'disk']);
  });
});

describe('bytes behind the end', () => {
  const disk = randomBytes(100_000);
  const signature = Buffer.from('fwtool signature, of any length');

  test.each(['gzip', 'bzip2'] as const)('%s leaves them out with a notice', async (compression) => {
    const bytes = await compressed(compression, disk);
    for (const chunk of [bytes.length, 1000, 7]) {
      const notices: string[] = [];
      const options = { chunk, onNotice: (message: string) => notices.push(message) };
      const followed = Buffer.concat([bytes, Buffer.alloc(13), signature]);
      expect((await decompressed(compression, followed, options)).equals(disk)).toBe(true);
      expect(notices).toEqual([
        expect.stringMatching(/^ignoring .*bytes behind the end of the (gzip|bzip2) data$/),
      ]);
    }
  });

  test('gzip leaves zeros out in silence', async () => {
    const notices: string[] = [];
    const bytes = Buffer.concat([await compressed('gzip', disk), Buffer.alloc(100_000)]);
    const read = await decompressed('gzip', bytes, { onNotice: (message) => notices.push(message) });
    expect(read.equals(disk)).toBe(true);
    expect(notices).toEqual([]);
  });

  test('gzip: what begins as another member has to be one', async () => {
    const bytes = Buffer.concat([
      await compressed('gzip', disk),
      Buffer.from([0x1f, 0x8b, 9, 0, 0, 0, 0, 0, 0, 0, 0]),
    ]);
    await expect(decompressed('gzip', bytes)).rejects.toMatchObject({ code: 'CORRUPT_COMPRESSION' });
  });

  test('xz takes padding, and says that other bytes follow', async () => {
    const bytes = await compressed('xz', disk);
    const padded = Buffer.concat([bytes, Buffer.alloc(8), bytes, Buffer.alloc(4)]);
    expect((await decompressed('xz', padded)).equals(Buffer.concat([disk, disk]))).toBe(true);
    for (const chunk of [bytes.length + 3, 1000, 7]) {
      for (const foreign of [signature, Buffer.from('YZ'), Buffer.concat([Buffer.alloc(4), signature])]) {
        const reading = decompressed('xz', Buffer.concat([bytes, foreign]), { chunk });
        await expect(reading).rejects.toMatchObject({
          code: 'CORRUPT_COMPRESSION',
          message: `the xz data is damaged: ${foreign.length} bytes that are not xz follow its end`,
        });
      }
    }
  });

  test('zstd refuses them', async () => {
    const bytes = Buffer.concat([await compressed('zstd', disk), signature]);
    await expect(decompressed('zstd', bytes)).rejects.toMatchObject({ code: 'CORRUPT_COMPRESSION' });
  });
});

test('a gzip header with all its fields, in chunks of any length', async () => {
  const data = Buffer.from('what is inside');
  const plain = gzipSync(data);
  const header = Buffer.concat([
    Buffer.from([0x1f, 0x8b, 8, 0x1e, 0, 0, 0, 0, 0, 3]),
    Buffer.from([3, 0, 1, 2, 3]),
    Buffer.from('disk.raw\0a comment\0'),
  ]);
  const checksum = Buffer.alloc(2);
  checksum.writeUInt16LE(crc32(header) & 0xffff);
  const bytes = Buffer.concat([header, checksum, plain.subarray(10)]);
  for (const chunk of [1, 3, 1000]) expect(await decompressed('gzip', bytes, { chunk })).toEqual(data);
  bytes[header.length]! ^= 1;
  await expect(decompressed('gzip', bytes)).rejects.toMatchObject({ code: 'CORRUPT_COMPRESSION' });
});

test.each([
  ['zstd', zstdCompressSync(Buffer.alloc(0))],
  ['zstd', zstdCompressSync(Buffer.from('x'))],
  ['gzip', gzipSync(Buffer.from('x'))],
] as const)('10,000 small %s members take seconds', async (compression, member) => {
  const bytes = Buffer.concat(Array.from({ length: 10_000 }, () => member));
  const before = process.cpuUsage();
  const length = (await decompressed(compression, bytes)).length;
  const { user, system } = process.cpuUsage(before);
  expect([0, 10_000]).toContain(length);
  // A stream for each takes 15 s.
  expect((user + system) / 1e6).toBeLessThan(5);
});

describe('memory', () => {
  test('a zstd frame that wants a window of 2 GiB', async () => {
    // Magic, a frame header with a window descriptor of exponent 21 (2^(10+21)), one raw block of a byte.
    const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x09, 0x00, 0x00, 0x61]);
    await expect(decompressed('zstd', frame)).rejects.toMatchObject({ code: 'DECOMPRESSION_MEMORY' });
    frame[5] = 17 << 3;
    expect((await decompressed('zstd', frame)).toString()).toBe('a');
    frame[5] = 21 << 3;
    expect((await decompressed('zstd', frame, { memoryBytes: 2 ** 31 })).toString()).toBe('a');
  });

  test('an xz stream that wants a dictionary of 4 GiB', async () => {
    const bytes = await compressed('xz', Buffer.alloc(1000, 'a'));
    // Block header at 12: size, flags, filter id 0x21, properties' size 1, dictionary size; its CRC ends it.
    const headerSize = (bytes[12]! + 1) * 4;
    const at = bytes.indexOf(Buffer.from([0x21, 0x01]), 12) + 2;
    bytes[at] = 40;
    bytes.writeUInt32LE(crc32(bytes.subarray(12, 12 + headerSize - 4)), 12 + headerSize - 4);
    await expect(decompressed('xz', bytes)).rejects.toMatchObject({
      code: 'DECOMPRESSION_MEMORY',
      message: expect.stringMatching(/limit of 256 MiB$/),
      hint: expect.stringContaining('--decompression-memory'),
    });
    expect((await decompressed('xz', bytes, { memoryBytes: 5 * 1024 ** 3 })).length).toBe(1000);
  });
});

test('zstd frames of any number and content, with skippable ones between them, in chunks of any length', async () => {
  const skippable = (data: Uint8Array) => {
    const header = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);
    header.writeUInt32LE(data.length, 4);
    return Buffer.concat([header, data]);
  };
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ data: fc.uint8Array({ maxLength: 3000 }), isSkippable: fc.boolean() }), {
        minLength: 1,
        maxLength: 5,
      }),
      fc.integer({ min: 1, max: 4000 }),
      async (frames, chunk) => {
        const bytes = Buffer.concat(
          frames.map(({ data, isSkippable }) => (isSkippable ? skippable(data) : zstdCompressSync(data))),
        );
        const expected = Buffer.concat(
          frames.filter(({ isSkippable }) => !isSkippable).map(({ data }) => data),
        );
        expect((await decompressed('zstd', bytes, { chunk })).equals(expected)).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});

test('any bytes end in an explained error or in bytes', async () => {
  const whole = { gzip: gzipSync(Buffer.alloc(5000, 'x')), zstd: zstdCompressSync(Buffer.alloc(5000, 'x')) };
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('gzip' as const, 'zstd' as const),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      fc.nat(100),
      async (compression, at, flip, chunk) => {
        const bytes = Buffer.from(whole[compression]);
        bytes[at % bytes.length]! ^= flip;
        const outcome = await decompressed(compression, bytes, { chunk: chunk + 1 }).catch(
          (error: Error) => error,
        );
        if (outcome instanceof Error) expect(outcome.name, outcome.stack).toBe('ConvertError');
      },
    ),
    { numRuns: 100 },
  );
});

test('a sparse file holds what was written to it, whatever the chunks', async () => {
  const directory = await temporaryDirectory();
  const piece = fc.record({
    length: fc.oneof(fc.nat(3000), fc.nat(200_000), fc.constantFrom(65536, mib)),
    fill: fc.constantFrom(0, 0, 7),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
      const chunks = pieces.map(({ length, fill }) => Buffer.alloc(length, fill));
      const path = join(directory, 'sparse');
      const handle = await open(path, 'w+');
      let last = 0;
      const size = await writeSparse(
        handle,
        (async function* () {
          yield* chunks;
        })(),
        (total) => {
          last = total;
        },
      );
      await handle.close();
      const expected = Buffer.concat(chunks);
      expect([size, last]).toEqual([expected.length, expected.length]);
      expect((await readFile(path)).equals(expected)).toBe(true);
    }),
    { numRuns: 40 },
  );
});

test('zeros become holes', async () => {
  const path = join(await temporaryDirectory(), 'sparse');
  const handle = await open(path, 'w');
  const data = async function* () {
    for (let at = 0; at < 64; at++) yield Buffer.alloc(mib, at === 32 ? 1 : 0);
  };
  expect(await writeSparse(handle, data(), () => {})).toBe(64 * mib);
  await handle.close();
  expect((await stat(path)).blocks * 512).toBeLessThan(2 * mib);
});

test('50,000 empty zstd frames take one decoder, and no time', async () => {
  const empty = zstdCompressSync(Buffer.alloc(0));
  const bytes = Buffer.concat([...Array<Buffer>(50_000).fill(empty), zstdCompressSync(Buffer.from('disk'))]);
  const before = process.cpuUsage();
  expect((await decompressed('zstd', bytes, { chunk: 65_536 })).toString()).toBe('disk');
  const { user, system } = process.cpuUsage(before);
  // A decoder for each frame took more than a minute.
  expect((user + system) / 1e6, 'seconds').toBeLessThan(10);
});
