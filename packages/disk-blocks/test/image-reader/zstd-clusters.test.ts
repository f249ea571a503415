import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskBlocksError } from '@ec2-image/disk-blocks';
import { execa } from 'execa';
import fc from 'fast-check';
import { test as base, expect } from 'vitest';
import { replaceCluster } from '../support/clusters.ts';
import { convert, makeDisk, noise, openReader, readDisk } from '../support/images.ts';
import { frameOf, skippableFrame, windowOf } from '../support/zstd-frames.ts';

const isExhaustive = process.env.EC2_IMAGE_TEST === 'all';
const seed = Number(process.env.EC2_IMAGE_SEED ?? Math.floor(Math.random() * 1e9));
const numRuns = isExhaustive ? 1000 : 60;
const size = 65_536;
/** Of the cluster that is replaced. */
const index = 5;

// biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
const test = base.extend('image', { scope: 'file' }, async ({}, { onCleanup }) => {
  const directory = await mkdtemp(join(tmpdir(), 'zstd-clusters-'));
  onCleanup(() => rm(directory, { recursive: true }));
  const raw = join(directory, 'disk.raw');
  await makeDisk(raw, 2 ** 20);
  const path = join(directory, 'disk.qcow2');
  await convert(raw, path, ['-c', '-o', 'compression_type=zstd']);
  return { directory, path };
});

/** The disk of an image with this cluster, as it is read here and by QEMU; undefined where that fails. */
async function readBoth(image: { directory: string; path: string }, cluster: Buffer) {
  const path = join(image.directory, 'replaced.qcow2');
  await copyFile(image.path, path);
  await replaceCluster(path, index, cluster);
  await using reader = await openReader(path);
  const here = await readDisk(reader, 100 * 1024).catch((error) => {
    if (error instanceof DiskBlocksError && error.code === 'DAMAGED_CLUSTER') return undefined;
    throw error;
  });
  const args = ['convert', '-f', 'qcow2', '-O', 'raw', path, `${path}.raw`];
  const { failed } = await execa('qemu-img', args, { reject: false });
  return { here, qemu: failed ? undefined : await readFile(`${path}.raw`) };
}

const content = Buffer.concat([noise('zstd', 20_000), Buffer.alloc(size, 'a cluster of zstd ')]).subarray(
  0,
  size,
);
const half = size / 2;
const halves = [content.subarray(0, half), content.subarray(half)] as const;
const unsized = { hasSize: false } as const;
const empty = frameOf(Buffer.alloc(0), { hasChecksum: true });
const junk = Buffer.alloc(1000, 0xa5);
const changed = (frame: Buffer, at: number, change: number) => {
  const bytes = Buffer.from(frame);
  bytes[(at + bytes.length) % bytes.length]! ^= change;
  return bytes;
};
const whole = frameOf(content, { hasChecksum: true });

const taken: readonly (readonly [what: string, ...frames: Buffer[]])[] = [
  ['one frame', frameOf(content)],
  ['one that does not tell its size', frameOf(content, unsized)],
  ['one with a checksum', whole],
  ['two frames', frameOf(halves[0]), frameOf(halves[1], { ...unsized, hasChecksum: true })],
  ['empty frames', empty, frameOf(halves[0]), empty, empty, frameOf(halves[1])],
  ['a skippable frame first', skippableFrame(junk), frameOf(content)],
  ['empty and last of the skippable frames', skippableFrame(Buffer.alloc(0), 15), frameOf(content)],
  ['skippable frames between', frameOf(halves[0]), skippableFrame(junk, 7), frameOf(halves[1])],
  ['anything behind a full cluster', frameOf(content), junk],
  ['a frame cut short behind a full cluster', frameOf(content), whole.subarray(0, 50)],
  [
    'a window as small as the content',
    frameOf(content.subarray(0, 1024), { ...unsized, window: windowOf(10) }),
    frameOf(content.subarray(1024)),
  ],
  ...[17, 21, 24, 27].map(
    (log) => [`a window of 2^${log} bytes`, frameOf(content, { ...unsized, window: windowOf(log) })] as const,
  ),
  ["a window of the format's largest, of a known size", frameOf(content, { window: windowOf(31, 7) })],
];

test.for(taken)('QEMU takes %s, and so does the reader', async ([, ...frames], { image }) => {
  const { here, qemu } = await readBoth(image, Buffer.concat(frames));
  expect(qemu?.subarray(index * size, (index + 1) * size).equals(content)).toBe(true);
  expect(here?.equals(qemu!)).toBe(true);
});

const refused: typeof taken = [
  ['no frame', junk],
  ['nothing but zeros', Buffer.alloc(600)],
  ['a cluster that is not full', frameOf(halves[0])],
  ['one that a skippable frame does not fill', frameOf(halves[0]), skippableFrame(junk)],
  ['a frame that holds more', frameOf(Buffer.concat([content, junk]))],
  ['one that does not tell that it holds more', frameOf(Buffer.concat([content, junk]), unsized)],
  ['a second frame that holds more', frameOf(halves[0]), frameOf(content, unsized)],
  ['a skippable frame that is longer than the cluster', skippableFrame(Buffer.alloc(300)).subarray(0, 200)],
  ['a frame that is cut short', frameOf(noise('short', size)).subarray(0, 60_000)],
  ['a wrong checksum', changed(whole, -1, 1)],
  ['a wrong checksum of an empty frame', changed(empty, -1, 1), frameOf(content)],
  ['a dictionary', changed(frameOf(content), 4, 1)],
  ['a reserved bit', changed(frameOf(content), 4, 8)],
  ['a window of more than 128 MiB', frameOf(content, { ...unsized, window: windowOf(27, 1) })],
  ['a window beyond the format, of a known size', frameOf(content, { window: 0xff })],
];

test.for(refused)('QEMU refuses %s, and so does the reader', async ([, ...frames], { image }) => {
  expect(await readBoth(image, Buffer.concat(frames))).toEqual({ here: undefined, qemu: undefined });
});

/**
 * Not of the window: blocks that are larger than a window are against the format, and whether they are decompressed depends on
 * the version of zstd.
 */
const change = fc.record({ at: fc.nat(300).filter((at) => at !== 5), bit: fc.nat(7) });

const part = fc.record({
  length: fc.oneof(fc.constantFrom(0, half, size), fc.nat(size)),
  hasSize: fc.boolean(),
  hasChecksum: fc.boolean(),
  windowLog: fc.option(fc.integer({ min: 17, max: 31 }), { nil: undefined }),
  skippable: fc.option(fc.nat(600), { nil: undefined }),
  damage: fc.option(change, { nil: undefined, freq: 1 }),
});

test(`of any frames, the reader takes what QEMU takes (EC2_IMAGE_SEED=${seed})`, async ({ image }) => {
  const counts = { taken: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(part, { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      async (parts, isFilled) => {
        let at = 0;
        const frames = parts.flatMap(({ length, windowLog, skippable, damage, ...options }, place) => {
          const isLast = isFilled && place === parts.length - 1;
          const bytes = content.subarray(at, isLast ? size : at + length);
          at += bytes.length;
          const canTell = !options.hasSize || bytes.length > 255;
          const window = windowLog !== undefined && canTell ? windowOf(windowLog) : undefined;
          const frame = frameOf(bytes, { ...options, window });
          return [
            ...(skippable === undefined ? [] : [skippableFrame(Buffer.alloc(skippable))]),
            damage && damage.at < frame.length ? changed(frame, damage.at, 1 << damage.bit) : frame,
          ];
        });
        const { here, qemu } = await readBoth(image, Buffer.concat(frames));
        counts[qemu ? 'taken' : 'refused'] += 1;
        expect(here === undefined).toBe(qemu === undefined);
        if (qemu) expect(here!.equals(qemu)).toBe(true);
      },
    ),
    { seed, numRuns, endOnFailure: true },
  );
  // Either alone would prove little.
  expect(counts.taken).toBeGreaterThan(numRuns / 10);
  expect(counts.refused).toBeGreaterThan(numRuns / 10);
}, 600_000);
