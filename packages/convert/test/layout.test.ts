import { createHash } from 'node:crypto';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { converterVersion, type PlannedFormat, planDisk } from '@ec2-image/convert';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mib, qemuImg, run, temporaryDirectory } from './support/disk.ts';
import {
  drivers,
  expectReadersAgree,
  isExhaustive,
  type SampleDisk,
  sampleDisk,
  sampling,
  seed,
  writeLayout,
  writeRaw,
} from './support/layout-file.ts';

const gib = 1024 * mib;
const tib = 1024 * gib;
const digest = `sha256:${'5'.repeat(64)}`;

interface Kind {
  readonly format: PlannedFormat;
  readonly subformat?: 'dynamic' | 'fixed';
}
const kinds: readonly Kind[] = [
  { format: 'vhdx' },
  { format: 'vhd', subformat: 'dynamic' },
  { format: 'vhd', subformat: 'fixed' },
  { format: 'raw' },
];

describe('a file written as planned holds the disk', () => {
  test(
    `to qemu-img, to our own reader of headers, and to a third one (EC2_IMAGE_SEED=${seed})`,
    sampling,
    async () => {
      const directory = await temporaryDirectory();
      const raw = join(directory, 'disk.raw');
      const path = join(directory, 'disk');
      const samples = fc.asyncProperty(
        sampleDisk,
        fc.constantFrom(...kinds),
        fc.integer({ min: 1, max: 5 * mib }),
        async (disk, kind, rangeBytes) => {
          await rm(raw, { force: true });
          await writeRaw(raw, disk);
          const layout = planDisk({ ...disk, ...kind, digest });
          await writeLayout(layout, { path, raw, rangeBytes: Math.max(rangeBytes, layout.fileSize >> 8) });
          await expectReadersAgree(path, { ...disk, format: kind.format, raw });
        },
      );
      await fc.assert(samples, { seed, numRuns: isExhaustive ? 100 : 10 });
    },
  );
});

interface Part {
  readonly bytes: Buffer;
  /** Of the file; both in bytes. */
  readonly offset: number;
  readonly fileSize: number;
}

/**
 * A part of a file without what differs between two files of one disk: who made them, when, identifiers, checksums of these,
 * what a log held. And without the bits that name the regions of a VHDX required: MS-VHDX 2.2.3.2 wants them, QEMU leaves them out.
 */
function withoutIdentity({ format, subformat }: Kind, { bytes, offset, fileSize }: Part): Buffer {
  const part = Buffer.from(bytes);
  const blank = (at: number, length: number) => {
    part.subarray(Math.max(0, at - offset), Math.max(0, at - offset + length)).fill(0);
  };
  if (format === 'vhdx') {
    blank(8, 512);
    for (const header of [64 * 1024, 128 * 1024]) blank(header + 4, 44);
    for (const table of [192 * 1024, 256 * 1024])
      for (const [at, length] of [
        [4, 4],
        [44, 4],
        [76, 4],
      ] as const)
        blank(table + at, length);
    blank(mib, mib);
    const metadata = part.indexOf('metadata');
    if (metadata >= 0) blank(offset + metadata + 64 * 1024 + 16, 16);
  } else {
    for (const footer of [fileSize - 512, ...(subformat === 'dynamic' ? [0] : [])]) {
      blank(footer + 24, 4);
      blank(footer + 64, 20);
    }
  }
  return part;
}

describe('the file is the one that qemu-img writes, but for what identifies it', () => {
  const subformat = ({ format, subformat }: Kind) =>
    format === 'vhdx' ? 'subformat=dynamic,block_state_zero=on' : `subformat=${subformat},force_size=on`;

  test.each([
    ['less than a block', 5 * mib + 512, [{ offset: 3 * mib, length: 4096 }]],
    ['nothing in it', 9 * mib, []],
    [
      'several blocks, the last one cut short',
      33 * mib + 3 * 512,
      [
        { offset: 0, length: 512 },
        { offset: 10 * mib, length: 3 * mib },
        { offset: 33 * mib + 1024, length: 512 },
      ],
    ],
  ] as const)('%s', async (_, virtualSize, present) => {
    const directory = await temporaryDirectory();
    const [raw, ours, theirs] = ['disk.raw', 'ours', 'theirs'].map((name) => join(directory, name));
    await writeRaw(raw!, { virtualSize, present });
    for (const kind of kinds.filter(({ format }) => format !== 'raw')) {
      const layout = planDisk({ virtualSize, present, ...kind, digest });
      await writeLayout(layout, { path: ours!, raw: raw!, rangeBytes: mib });
      await qemuImg('convert', '-O', drivers[kind.format], '-o', subformat(kind), '-f', 'raw', raw!, theirs!);
      const [own, other] = await Promise.all(
        [ours!, theirs!].map(async (path) => {
          const bytes = await readFile(path);
          return withoutIdentity(kind, { bytes, offset: 0, fileSize: bytes.length });
        }),
      );
      expect(own!.equals(other!), JSON.stringify(kind)).toBe(true);
    }
  });

  /** qemu-io writes into a disk that no raw file could be as large as. */
  test.each([
    ['vhdx', gib + 512],
    ['vhdx', 100 * gib + 512],
    ['vhdx', 64 * tib],
    ['vhd', 2040 * gib],
    ...(isExhaustive
      ? ([
          ['vhdx', gib],
          ['vhdx', 100 * gib],
          ['vhdx', 32 * tib],
          ['vhdx', 32 * tib + 512],
          ['vhd', 127.5 * gib],
        ] as const)
      : []),
  ] as const)('%s of %d bytes', async (format, virtualSize) => {
    const directory = await temporaryDirectory();
    const path = join(directory, 'theirs');
    const kind: Kind = format === 'vhd' ? { format, subformat: 'dynamic' } : { format };
    await qemuImg('create', '-f', drivers[format], '-o', subformat(kind), path, `${virtualSize}`);
    // About where a chunk's bitmap entry stands in the BAT of a VHDX, and in the last sector.
    const places = [0, 4 * gib - 512, 4 * gib, virtualSize - 512].filter((at) => at < virtualSize);
    const offsets = [...new Set(places)].sort((a, b) => a - b);
    const present = offsets.map((offset) => ({ offset, length: 512 }));
    await run('qemu-io', [
      '-f',
      drivers[format],
      ...offsets.flatMap((offset, index) => ['-c', `write -P ${index + 1} ${offset} 512`]),
      path,
    ]);
    const layout = planDisk({ virtualSize, present, ...kind, digest });
    const theirs = await open(path);
    try {
      expect(layout.fileSize).toBe((await theirs.stat()).size);
      const step = 4 * mib;
      for (let offset = 0; offset < layout.fileSize; offset += step) {
        const length = Math.min(step, layout.fileSize - offset);
        const own = Buffer.alloc(length);
        for (const piece of layout.pieces({ offset, length })) {
          if ('bytes' in piece) own.set(piece.bytes, piece.at);
          else own.fill(offsets.indexOf(piece.offset) + 1, piece.at, piece.at + piece.length);
        }
        const { buffer: other } = await theirs.read(Buffer.alloc(length), 0, length, offset);
        const [a, b] = [own, other].map((bytes) =>
          withoutIdentity(kind, { bytes, offset, fileSize: layout.fileSize }),
        );
        expect(a!.equals(b!), `${format} from byte ${offset}`).toBe(true);
      }
    } finally {
      await theirs.close();
    }
  });
});

describe('the same disk and digest give the same file', () => {
  const disk: SampleDisk = {
    virtualSize: 17 * mib + 512,
    present: [
      { offset: 512, length: 1024 },
      { offset: 7 * mib, length: 2 * mib },
    ],
  };
  async function hashes(digest: string): Promise<Record<string, string>> {
    const directory = await temporaryDirectory();
    const [raw, path] = ['raw', 'disk'].map((name) => join(directory, name));
    await writeRaw(raw!, disk);
    const of: Record<string, string> = {};
    for (const kind of kinds) {
      await writeLayout(planDisk({ ...disk, ...kind, digest }), { path: path!, raw: raw!, rangeBytes: mib });
      of[`${kind.format} ${kind.subformat ?? ''}`.trim()] = createHash('sha256')
        .update(await readFile(path!))
        .digest('hex');
    }
    return of;
  }

  test('on every machine: where these change, the version of the converter has to', async () => {
    expect(converterVersion('vhdx')).toBe('ec2-image/1');
    expect(await hashes(digest)).toMatchInlineSnapshot(`
      {
        "raw": "67ed69856e03712f328907448443315196e724eeee39ba74f6a5f172ee90fad0",
        "vhd dynamic": "32bfdb2fe63f9ac2491fb5f997eac127d2ee3d9e545854aad1513fe5156bc1dc",
        "vhd fixed": "d7af2634f6537dc5fb5567d3a4c014a6f5c69733c2994629a3f2e44910f39f9e",
        "vhdx": "6bda4836774de38d0f4f2d15300d9984f90c07a5413270b4f8a63e43f5d242e9",
      }
    `);
  });

  test('and another digest gives other identifiers, but no other disk', async () => {
    const [one, other] = [await hashes(digest), await hashes(`sha512:${'5'.repeat(128)}`)];
    const differing = Object.keys(one).filter((kind) => one[kind] !== other[kind]);
    expect(differing).toEqual(['vhdx', 'vhd dynamic', 'vhd fixed']);
  });
});

describe('a plan is refused', () => {
  test.each([
    ['above the format', { format: 'vhdx', virtualSize: 64 * tib + 512 }],
    ['above the format', { format: 'vhd', virtualSize: 2040 * gib + 512 }],
  ] as const)('of a disk %s', (_, options) => {
    expect(() => planDisk({ ...options, present: [], digest })).toThrow(
      expect.objectContaining({ code: 'DISK_TOO_LARGE' }),
    );
  });

  test.each([
    ['of a disk that ends within a sector', 1000, []],
    ['of no disk', 0, []],
    [
      'where stretches overlap',
      mib,
      [
        { offset: 0, length: 1024 },
        { offset: 512, length: 512 },
      ],
    ],
    [
      'where they are out of order',
      mib,
      [
        { offset: 4096, length: 512 },
        { offset: 0, length: 512 },
      ],
    ],
    ['where one reaches beyond the disk', mib, [{ offset: mib - 512, length: 1024 }]],
    ['where one begins within a sector', mib, [{ offset: 100, length: 412 }]],
  ])('%s', (_, virtualSize, present) => {
    for (const kind of kinds)
      expect(() => planDisk({ virtualSize, present, ...kind, digest })).toThrow(RangeError);
  });

  test('of a range outside of the file', () => {
    const layout = planDisk({ format: 'raw', virtualSize: mib, present: [], digest });
    expect(() => [...layout.pieces({ offset: 0, length: mib + 1 })]).toThrow(RangeError);
  });
});
