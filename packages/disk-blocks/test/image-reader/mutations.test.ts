import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { DiskBlocksError, type Extent, openImageReader } from '@ec2-image/disk-blocks';
import type { ExplainedError } from '@ec2-image/explained-error';
import { execa } from 'execa';
import fc from 'fast-check';
import { test as base, expect } from 'vitest';
import { deflatedStreams } from '../support/deflated-streams.ts';
import { convert, makeDisk, readDisk } from '../support/images.ts';
import { mutate, mutations, readTarget, type Target } from '../support/mutations.ts';

const isExhaustive = process.env.EC2_IMAGE_TEST === 'all';
const seed = Number(process.env.EC2_IMAGE_SEED ?? Math.floor(Math.random() * 1e9));
const numRuns = Number(process.env.EC2_IMAGE_MUTATIONS ?? (isExhaustive ? 4000 : 80));

const kinds = [
  ['deflate', ['-c']],
  ['deflate, 256 KiB', ['-c', '-o', 'cluster_size=256k']],
  ['zstd, 4 KiB', ['-c', '-o', 'compression_type=zstd,cluster_size=4k']],
  ['subclusters', ['-o', 'extended_l2=on,cluster_size=16k']],
  ['subclusters, deflate', ['-c', '-o', 'extended_l2=on,cluster_size=16k']],
  ['version 2, 512 bytes', ['-o', 'compat=0.10,cluster_size=512']],
  ['version 2, deflate', ['-c', '-o', 'compat=0.10,cluster_size=4k']],
  ['preallocated', ['-o', 'preallocation=metadata']],
] as const;

// biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
const test = base.extend('targets', { scope: 'file' }, async ({}, { onCleanup }) => {
  const directory = await mkdtemp(join(tmpdir(), 'qcow2-mutations-'));
  onCleanup(() => rm(directory, { recursive: true }));
  const raw = join(directory, 'disk.raw');
  await makeDisk(raw, 1.5 * 2 ** 20 + 512);
  const targets: Target[] = [];
  for (const [index, [name, options]] of kinds.entries()) {
    const path = join(directory, `${index}.qcow2`);
    await convert(raw, path, options);
    if (index % 2 === 0) {
      await execa('qemu-img', ['snapshot', '-c', 'one', path]);
      await execa('qemu-io', ['-f', 'qcow2', '-c', 'write -P 3 0 64k', '-c', 'write -z 128k 64k', path]);
    }
    targets.push(await readTarget(name, path));
  }
  return { directory, targets };
});

/** Disks above this size are opened and mapped, and not compared byte for byte. */
const maxCompared = 16 * 2 ** 20;

function declaredSize(qcow2: Buffer): bigint {
  return qcow2.length < 32 ? 0n : qcow2.readBigUInt64BE(24);
}

/** The disk as it is read here, or why not. Only refusals count: any other error fails the test. */
async function readHere(path: string): Promise<ReadHere | Refused | undefined> {
  const { reader, refusal } = await openImageReader({ path, format: 'qcow2' });
  if (refusal) return { refusal };
  await using opened = reader;
  if (opened.sizeBytes > maxCompared) return undefined;
  const { sizeBytes } = opened;
  try {
    const disk = await readDisk(opened, 1_048_576);
    const offsets = Array.from({ length: Math.ceil(sizeBytes / unitBytes) }, (_, unit) => unit * unitBytes);
    const streams = deflatedStreams(await opened.deflate({ offsets, unitBytes }));
    const nonZero = await opened.nonZero();
    return { disk, streams, nonZero };
  } catch (error) {
    if (error instanceof DiskBlocksError && error.code === 'DAMAGED_CLUSTER') return { refusal: error };
    throw error;
  }
}

const unitBytes = 65_536;

interface Refused {
  readonly refusal: ExplainedError;
}

interface ReadHere {
  readonly refusal?: undefined;
  readonly disk: Buffer;
  readonly streams: readonly (Buffer | undefined)[];
  readonly nonZero: readonly Extent[];
}

/** What QEMU reads, and the reader refuses knowingly. */
const refusedHereAlone: readonly (readonly [code: string, message: RegExp])[] = [
  // QEMU reads zeros there: for an import, an image that has been cut short.
  ['TRUNCATED_IMAGE', /but the file has \d+ bytes$/],
  // QEMU is told that there is none.
  ['BACKING_FILE', /needs a backing file/],
  // Of these, QEMU checks more than the reader knows.
  ['UNSUPPORTED_IMAGE', /has persistent bitmaps$/],
  // More than the reader walks through.
  ['UNSUPPORTED_IMAGE', /has \d+ internal snapshots$/],
  // QEMU leaves out the end.
  ['UNSUPPORTED_IMAGE', /is not a whole number of 512-byte sectors$/],
];

function isRefusedHereAlone({ code, message }: ExplainedError): boolean {
  return refusedHereAlone.some(([known, pattern]) => code === known && pattern.test(message));
}

/** The streams inflate to the disk, and what is said to hold nothing is zeros. */
function expectConsistent({ disk, streams, nonZero }: ReadHere): void {
  const zeros = Buffer.alloc(unitBytes);
  const inflated = Buffer.concat(streams.map((stream) => (stream ? inflateSync(stream) : zeros)));
  expect(inflated.subarray(0, disk.length).equals(disk)).toBe(true);
  const held = Buffer.alloc(disk.length);
  for (const { offset, length } of nonZero) disk.copy(held, offset, offset, offset + length);
  expect(held.equals(disk)).toBe(true);
}

async function readByQemu(path: string): Promise<Buffer | undefined> {
  const options = { driver: 'qcow2', file: { driver: 'file', filename: path }, backing: null };
  const to = `${path}.raw`;
  await rm(to, { force: true });
  const args = ['convert', '-O', 'raw', `json:${JSON.stringify(options)}`, to];
  const { failed } = await execa('qemu-img', args, { reject: false });
  return failed ? undefined : readFile(to);
}

test(`whatever becomes of a qcow2, it gives the bytes that QEMU reads, or is left to QEMU (EC2_IMAGE_SEED=${seed})`, async ({
  targets: { directory, targets },
}) => {
  let compared = 0;
  const path = join(directory, 'mutated.qcow2');
  await fc.assert(
    fc.asyncProperty(fc.nat(targets.length - 1), mutations, async (index, changes) => {
      const target = targets[index]!;
      const image = mutate(target, changes);
      await writeFile(path, image);
      const here = await readHere(path);
      if (!here || declaredSize(image) > maxCompared) return;
      const wanted = await readByQemu(path);
      if (here.refusal) {
        if (wanted) expect(here.refusal, target.name).toSatisfy(isRefusedHereAlone);
        return;
      }
      compared += 1;
      expect(wanted, `QEMU refuses ${target.name}`).toBeDefined();
      expect(here.disk.equals(wanted!), target.name).toBe(true);
      expectConsistent(here);
    }),
    { seed, numRuns, endOnFailure: true },
  );
  // Changes that refuse everything would prove nothing.
  expect(compared).toBeGreaterThan(numRuns / 10);
}, 3_600_000);
