import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { DiskLayout, PlannedFormat } from '@ec2-image/convert';
import { fileSource, readImageHeader } from '@ec2-image/image-headers';
import fc from 'fast-check';
import { expect } from 'vitest';
import { expectSameDisk, mib, qemuImg, run } from './disk.ts';

export const seed = Number(process.env.EC2_IMAGE_SEED ?? Math.floor(Math.random() * 1e9));

/** `npm run test:all`: everything instead of a sample. */
export const isExhaustive = process.env.EC2_IMAGE_TEST === 'all';

/** Options of a test that tries many samples where the run is exhaustive. */
export const sampling = { timeout: isExhaustive ? 600_000 : 60_000 };

export interface Extent {
  readonly offset: number;
  readonly length: number;
}

export interface SampleDisk {
  readonly virtualSize: number;
  readonly present: readonly Extent[];
}

/** Sizes in sectors about what the formats count in: sectors, grains, blocks of a VHD and of a VHDX. */
const size = fc.oneof(
  fc.integer({ min: 1, max: (20 * mib) / 512 }),
  fc
    .tuple(fc.constantFrom(64 * 1024, 2 * mib, 8 * mib, 16 * mib, 32 * mib), fc.integer({ min: -1, max: 1 }))
    .map(([bytes, more]) => bytes / 512 + more),
);
const sectors = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: (9 * mib) / 512 }));

/** Disks of up to 32 MiB with stretches here and there, touching ones among them. */
export const sampleDisk: fc.Arbitrary<SampleDisk> = fc
  .record({ size, runs: fc.array(fc.tuple(sectors, sectors), { maxLength: 5 }), isTailPresent: fc.boolean() })
  .map(({ size, runs, isTailPresent }) => {
    const present: Extent[] = [];
    let at = 0;
    for (const [gap, length] of runs) {
      const end = Math.min(size, at + gap + length);
      if (at + gap < end) present.push({ offset: (at + gap) * 512, length: (end - at - gap) * 512 });
      at += gap + length;
    }
    if (isTailPresent && at < size) present.push({ offset: (size - 1) * 512, length: 512 });
    return { virtualSize: size * 512, present };
  });

/** The disk as a sparse raw file, with bytes in its stretches that differ from place to place and are never zeros. */
export async function writeRaw(path: string, { virtualSize, present }: SampleDisk): Promise<void> {
  const handle = await open(path, 'w');
  try {
    await handle.truncate(virtualSize);
    for (const { offset, length } of present) await handle.write(content(offset, length), 0, length, offset);
  } finally {
    await handle.close();
  }
}

/** What the disk holds at a place, wherever it is written: never a byte of zeros, and no two sectors alike. It compresses fast. */
export function content(offset: number, length: number): Buffer {
  const words = new Int32Array(length / 4);
  const sector = offset / 512;
  for (let i = 0; i < words.length; i += 128)
    words.fill(Math.imul(sector + i / 128, 0x9e3779b1) | 0x01010101, i, i + 128);
  return Buffer.from(words.buffer);
}

/** Writes the file that the layout plans, asking for it in ranges of the given length; where no piece is, there is a hole. */
export async function writeLayout(
  layout: DiskLayout,
  { path, raw, rangeBytes }: { readonly path: string; readonly raw: string; readonly rangeBytes: number },
): Promise<void> {
  const [source, output] = await Promise.all([open(raw), open(path, 'w')]);
  try {
    await output.truncate(layout.fileSize);
    for (let offset = 0; offset < layout.fileSize; offset += rangeBytes) {
      const length = Math.min(rangeBytes, layout.fileSize - offset);
      let end = 0;
      for (const piece of layout.pieces({ offset, length })) {
        const bytes = 'bytes' in piece ? piece.bytes : await readExactly(source, piece);
        if (piece.at < end || bytes.length === 0 || piece.at + bytes.length > length)
          throw new Error(`the piece at ${piece.at} is not in order within ${length} bytes`);
        await output.write(bytes, 0, bytes.length, offset + piece.at);
        end = piece.at + bytes.length;
      }
    }
  } finally {
    await Promise.all([source.close(), output.close()]);
  }
}

async function readExactly(source: FileHandle, { offset, length }: Extent): Promise<Buffer> {
  const { bytesRead, buffer } = await source.read(Buffer.alloc(length), 0, length, offset);
  if (bytesRead !== length) throw new Error(`the disk ends before byte ${offset + length}`);
  return buffer;
}

type DiskFormat = PlannedFormat | 'vmdk';

/** How qemu-img calls each. */
export const drivers: Readonly<Record<DiskFormat, string>> = {
  vhdx: 'vhdx',
  vhd: 'vpc',
  vmdk: 'vmdk',
  raw: 'raw',
};

export async function readHeader(path: string) {
  const handle = await open(path);
  try {
    return await readImageHeader(fileSource(handle, (await handle.stat()).size));
  } finally {
    await handle.close();
  }
}

/** SHA-256 of a program's output. */
function outputDigest(program: string, ...args: string[]): Promise<string> {
  const child = execFile(program, args, { encoding: 'buffer', maxBuffer: Number.MAX_SAFE_INTEGER });
  const digest = createHash('sha256');
  child.stdout!.on('data', (chunk: Buffer) => digest.update(chunk));
  return new Promise((resolve, reject) =>
    child.on('error', reject).on('close', (code) => {
      if (code === 0) resolve(digest.digest('hex'));
      else reject(new Error(`${program} ${args.join(' ')} exited with ${code}`));
    }),
  );
}

/** The file is what every reader takes it for: QEMU, our own of headers, and a third one where it is here. */
export async function expectReadersAgree(
  path: string,
  {
    format,
    raw,
    virtualSize,
  }: { readonly format: DiskFormat; readonly raw: string; readonly virtualSize: number },
): Promise<void> {
  await expectSameDisk(path, drivers[format], raw);
  if (format === 'vhdx' || format === 'vmdk') await qemuImg('check', '-f', format, path);
  expect(await readHeader(path)).toMatchObject({ virtualSize });
  if (!hasSleuthKit || format === 'raw') return;
  const type = format === 'vmdk' ? 'vmdk' : 'vhd';
  expect(await outputDigest('img_cat', '-i', type, path)).toBe(await outputDigest('cat', raw));
}

/** Whether the Sleuth Kit is here and reads VHD, VHDX and VMDK, by libvhdi and libvmdk: code that is neither ours nor QEMU's. */
const hasSleuthKit: boolean = await run('img_cat', ['-i', 'list']).then(
  ({ stdout, stderr }) => /\bvmdk\b/.test(stdout + stderr) && /\bvhd\b/.test(stdout + stderr),
  () => false,
);
