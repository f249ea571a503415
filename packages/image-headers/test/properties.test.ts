import { constants, zstdCompressSync } from 'node:zlib';
import {
  detectMagic,
  readImageHeader,
  readPartitionTable,
  readXzUncompressedSize,
  readZstdFrameSize,
} from '@ec2-image/image-headers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quoted } from '../src/quoted.ts';
import { parseVmdkDescriptor, requireSelfContained } from '../src/vmdk-descriptor.ts';
import { buildGpt, buildMbr } from './build/partition-table.ts';
import { buildQcow2 } from './build/qcow2.ts';
import { watched } from './build/source.ts';
import { buildVhd } from './build/vhd.ts';
import { buildVhdx } from './build/vhdx.ts';
import { buildVmdk, descriptorOf } from './build/vmdk.ts';
import { buildXz } from './build/xz.ts';

const mib = 1024 ** 2;

/** Whatever the bytes: facts or an explained refusal, from few reads inside the file. */
async function expectFactsOrRefusal(bytes: Buffer): Promise<void> {
  const source = watched(bytes);
  const outcome = await readImageHeader(source).catch((error: Error) => error);
  if (outcome instanceof Error) expect(outcome.name, outcome.stack).toBe('ImageHeaderError');
  else {
    expect(outcome.virtualSize % 512).toBe(0);
    expect(outcome.virtualSize).toBeLessThanOrEqual(64 * 1024 ** 4);
  }
  expect(source.reads).toBeLessThan(5000);
  expect(source.bytesRead).toBeLessThan(64 * mib);
}

const magics = [
  'QFI\xfb',
  'KDMV',
  'conectix',
  'vhdxfile',
  '\xfd7zXZ\0',
  '# Disk DescriptorFile\n',
  '<html',
  '',
];

/** Each holds as much text as its format has room for, of words at each of which a search for URLs starts again. */
const talkative: readonly [string, Buffer, string][] = [
  [
    'a data file named by a whole cluster',
    buildQcow2({
      clusterBits: 21,
      extensions: [{ type: 0x44415441, data: Buffer.alloc(2 * mib - 1024, 'a.') }],
    }),
    'EXTERNAL_DATA_FILE',
  ],
  [
    'a backing file named by 4 GiB, of which the file holds some',
    buildQcow2({ clusterBits: 21, backing: { offset: 4096n, length: 2 ** 32 - 1, name: 'a-'.repeat(mib) } }),
    'BACKING_FILE',
  ],
  [
    'a VMDK of a type of 100 kB',
    buildVmdk({
      descriptor: descriptorOf({ createType: 'a.'.repeat(50_000) }),
      descriptorSectors: 400n,
      bodySectors: 1000,
    }),
    'VMDK_NOT_SELF_CONTAINED',
  ],
  [
    'a VMDK whose extent is named by 100 kB',
    buildVmdk({
      descriptor: descriptorOf({ extents: [`RW 65536 SPARSE "/${'a.'.repeat(50_000)}"`] }),
      descriptorSectors: 400n,
      bodySectors: 1000,
    }),
    'VMDK_NOT_SELF_CONTAINED',
  ],
];

test.each(talkative)('%s is refused at once, in a short message', async (_, bytes, code) => {
  const start = performance.now();
  const error = await readImageHeader(watched(bytes)).catch((error: Error & { code?: string }) => error);
  expect(performance.now() - start, 'ms').toBeLessThan(2000);
  expect(error).toMatchObject({ code });
  expect((error as Error).message.length).toBeLessThan(250);
});

test('a name is shown with nothing that a terminal obeys, and without what a cut could hide of a URL', () => {
  const password = 'hunter2';
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.nat({ max: 6000 }), (text, padding) => {
      const url = `https://user:${password}${'x'.repeat(padding)}@host/disk`;
      for (const name of [text, `${text} ${url}`, `${'y'.repeat(padding)} ${url}`, url]) {
        const shown = quoted(name);
        expect(shown).toMatch(/^"[^\p{C}\p{Zl}\p{Zp}]*"$/u);
        expect(shown.length).toBeLessThan(250);
        if (!text.includes(password)) expect(shown).not.toContain(password);
      }
    }),
  );
});

test('any bytes behind any signature', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...magics), fc.uint8Array({ maxLength: 4096 }), (magic, bytes) =>
      expectFactsOrRefusal(Buffer.concat([Buffer.from(magic, 'latin1'), bytes])),
    ),
    { numRuns: 500 },
  );
});

const wellFormed = {
  qcow2: buildQcow2({ clusterBits: 12, virtualSize: BigInt(mib) }),
  vmdk: buildVmdk(),
  'vmdk with a footer': buildVmdk({ footer: {} }),
  vhd: buildVhd(),
  'fixed vhd': buildVhd({ kind: 'fixed', currentSize: 65536n }),
  vhdx: buildVhdx(),
};

/** Numbers that trip what multiplies, adds or allocates. */
const nasty = fc.constantFrom(0n, 1n, 511n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n);
const mutation = fc.record({
  at: fc.nat(),
  value: fc.oneof(nasty, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  width: fc.constantFrom(1, 2, 4, 8),
});
/** The ends of the file and the places where headers stand. */
const places = [0, 64, 512, 1024, 64 * 1024, 128 * 1024, 192 * 1024, 2 * mib, 2 * mib + 65536, 3 * mib];

test.each(Object.entries(wellFormed))('%s with numbers overwritten, or cut short', async (_, image) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(...places), mutation, fc.boolean()), { maxLength: 4 }),
      fc.option(fc.nat(image.length)),
      async (mutations, length) => {
        const bytes = Buffer.from(image);
        for (const [base, { at, value, width }, fromEnd] of mutations) {
          const offset = fromEnd ? bytes.length - 1 - (at % 1536) : base + (at % 256);
          const raw = Buffer.alloc(8);
          if (at % 2) raw.writeBigUInt64BE((value << BigInt(64 - width * 8)) & (2n ** 64n - 1n));
          else raw.writeBigUInt64LE(value);
          if (offset >= 0 && offset < bytes.length) raw.copy(bytes, offset, 0, width);
        }
        await expectFactsOrRefusal(length === null ? bytes : bytes.subarray(0, length));
      },
    ),
    { numRuns: 300 },
  );
});

test('a qcow2 image gives the size it was made with', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 9, max: 21 }),
      fc.nat(2 ** 20),
      fc.constantFrom(2, 3),
      async (clusterBits, sectors, version) => {
        const virtualSize = BigInt(sectors) * 512n;
        const l1Entries = Math.ceil(Number(virtualSize) / (2 ** clusterBits * 2 ** (clusterBits - 3)));
        fc.pre(l1Entries * 8 <= 2 ** clusterBits);
        const header = await readImageHeader(
          watched(buildQcow2({ clusterBits, virtualSize, version, l1Entries })),
        );
        expect(header).toEqual({ format: 'qcow2', virtualSize: Number(virtualSize) });
      },
    ),
    { numRuns: 30 },
  );
});

test('no text makes a VMDK descriptor crash the parser', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'RW 1 FLAT "/etc/passwd" 0',
      'createType="streamOptimized"',
      'RW x SPARSE "',
      'parentCID=',
      '\r',
      '#"',
    ),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const text = lines.join('\n');
      parseVmdkDescriptor(text);
      try {
        requireSelfContained(text);
      } catch (error) {
        expect((error as Error).name).toBe('ImageHeaderError');
      }
    }),
  );
});

test('an extent with a path is refused wherever its line stands, an innocent one is not', () => {
  const fileName = fc.stringMatching(/^[a-z0-9_.-]{1,20}$/).filter((name) => !/^\.+$/.test(name));
  fc.assert(
    fc.property(
      fileName,
      fc.stringMatching(/^[a-z.]{0,5}$/),
      fc.constantFrom('/', '\\'),
      (name, directory, separator) => {
        const descriptor = (extent: string) => descriptorOf({ extents: [`RW 8 SPARSE "${extent}"`] });
        expect(() => requireSelfContained(descriptor(name))).not.toThrow();
        expect(() => requireSelfContained(descriptor(`${directory}${separator}${name}`))).toThrow(
          /not a single file/,
        );
      },
    ),
  );
});

test('partition tables: any bytes, and any overwritten GPT', async () => {
  const gpt = buildGpt();
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 1024 }),
      fc.nat(4096),
      fc.nat(16384),
      async (bytes, at, length) => {
        await readPartitionTable(watched(Buffer.from(bytes)));
        const disk = Buffer.from(gpt);
        disk.set(bytes, at);
        const table = await readPartitionTable(watched(disk.subarray(0, length || disk.length)));
        expect(['gpt', 'mbr', 'none']).toContain(table.type);
      },
    ),
  );
});

test('a GPT and an MBR give the partitions they were made with', async () => {
  const sectors = fc.tuple(fc.integer({ min: 34, max: 2 ** 30 }), fc.integer({ min: 1, max: 2 ** 30 }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(sectors, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(512 as const, 4096 as const),
      async (spans, sectorSize) => {
        const gpt = await readPartitionTable(
          watched(
            buildGpt({
              sectorSize,
              partitions: spans.map(([first, count]) => ({
                first: BigInt(first),
                last: BigInt(first + count - 1),
              })),
            }),
          ),
        );
        expect(gpt).toMatchObject({ type: 'gpt', sectorSize });
        expect(gpt.partitions.map(({ offset, size }) => [offset / sectorSize, size / sectorSize])).toEqual(
          spans,
        );

        const mbr = await readPartitionTable(
          watched(buildMbr(spans.map(([first, count]) => ({ type: 0x83, first, count })))),
        );
        expect(mbr.type).toBe('mbr');
        expect(mbr.partitions.map(({ offset, size }) => [offset / 512, size / 512])).toEqual(spans);
      },
    ),
  );
});

test('an xz file gives the sum of its streams; any other bytes give nothing, or a number', async () => {
  const blocks = fc.array(
    fc.record({ unpadded: fc.integer({ min: 5, max: 3000 }), uncompressed: fc.nat(2 ** 31) }),
    { maxLength: 5 },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(blocks, fc.nat(3)), { minLength: 1, maxLength: 4 }),
      fc.nat(),
      async (streams, at) => {
        const file = Buffer.concat(
          streams.map(([records, padding]) => Buffer.concat([buildXz(records), Buffer.alloc(padding * 4)])),
        );
        const expected = streams
          .flatMap(([records]) => records)
          .reduce((sum, { uncompressed }) => sum + uncompressed, 0);
        expect(await readXzUncompressedSize(watched(file))).toBe(expected);
        file[at % file.length]! ^= 0xff;
        expect(['number', 'undefined']).toContain(typeof (await readXzUncompressedSize(watched(file))));
      },
    ),
  );
});

test('a zstd frame gives the size that it was made of, where it has it; any other bytes give nothing, or a number', async () => {
  // Each form of the header: sizes of one, two and four bytes, with a window of its own or without.
  const sizes = fc.oneof(fc.nat(300), fc.nat(70_000), fc.constantFrom(255, 256, 65_791, 65_792));
  await fc.assert(
    fc.asyncProperty(sizes, fc.boolean(), fc.nat(18), async (size, isChecked, at) => {
      const params = { [constants.ZSTD_c_checksumFlag]: isChecked ? 1 : 0 };
      const frame = zstdCompressSync(Buffer.alloc(size), { params });
      expect(await readZstdFrameSize(watched(frame))).toBe(size);
      const another = zstdCompressSync(Buffer.alloc(10));
      expect(await readZstdFrameSize(watched(Buffer.concat([frame, another])))).toBe(size);
      const unsaid = zstdCompressSync(Buffer.alloc(size), {
        params: { ...params, [constants.ZSTD_c_contentSizeFlag]: 0 },
      });
      expect(await readZstdFrameSize(watched(unsaid))).toBeUndefined();
      frame[at % frame.length]! ^= 0xff;
      expect(['number', 'undefined']).toContain(typeof (await readZstdFrameSize(watched(frame))));
      expect(await readZstdFrameSize(watched(frame.subarray(0, at % 5)))).toBeUndefined();
    }),
  );
});

test('a zstd frame of more than 4 GiB says so; one behind a skippable frame is not the first', async () => {
  const large = Buffer.from('28b52ffd' + 'c0' + '58' + '0000000001000000', 'hex');
  expect(await readZstdFrameSize(watched(large))).toBe(2 ** 32);
  const impossible = Buffer.from('28b52ffd' + 'e0' + 'ffffffffffffffff', 'hex');
  expect(await readZstdFrameSize(watched(impossible))).toBeUndefined();
  const skippable = Buffer.from('502a4d1804000000' + '00000000', 'hex');
  expect(await readZstdFrameSize(watched(Buffer.concat([skippable, large])))).toBeUndefined();
});

test('the kind of a file is told from any bytes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), async (bytes) => {
      expect((await detectMagic(watched(Buffer.from(bytes)))).kind).toMatch(/^[a-z]+$/);
    }),
  );
});

test('an xz index is believed up to 4 MiB of it, however many streams it is spread over', async () => {
  const blocks = Array.from({ length: 400_000 }, () => ({ unpadded: 4, uncompressed: 2 ** 31 }));
  const stream = buildXz(blocks);
  expect(await readXzUncompressedSize(watched(stream))).toBe(blocks.length * 2 ** 31);
  const twice = watched(Buffer.concat([stream, stream]));
  expect(await readXzUncompressedSize(twice)).toBeUndefined();
  expect(twice.bytesRead).toBeLessThan(4 * mib);
});
