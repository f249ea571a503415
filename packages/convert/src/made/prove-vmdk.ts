import { crc32 } from 'node:zlib';
import { blockSizeBytes, type Disk, diskBlocks, openDiskOf } from '@ec2-image/disk-blocks';
import { diskDiffers } from '../errors.ts';
import { inOrder } from '../layout/in-order.ts';
import { sectorSize } from '../layout/present.ts';
import { createGrainNumbers, type GrainNumbers } from '../layout/vmdk/grain-numbers.ts';
import type { VmdkIndex } from '../layout/vmdk/vmdk-index.ts';
import { grainBytes } from '../layout/vmdk/vmdk-records.ts';
import { type SampleOptions, sampleOf, sampleUnitBytes } from '../sample.ts';
import { structureDiffers } from './check-structure.ts';
import { nameOf } from './twin.ts';
import { vmdkTwin } from './vmdk-twin.ts';

/** CRC32 of each grain that is not all zeros. */
export async function readGrainSums({
  disk,
  signal,
  onBytes,
}: {
  readonly disk: Disk;
  readonly signal?: AbortSignal | undefined;
  readonly onBytes: (done: number) => void;
}): Promise<GrainNumbers> {
  const sums = createGrainNumbers();
  for await (const block of diskBlocks({ disk, signal })) {
    const offset = block.index * blockSizeBytes;
    noteSums(sums, block.data, offset);
    onBytes(Math.min(offset + blockSizeBytes, disk.sizeBytes));
    block.release();
  }
  return sums;
}

/** The same of a share of the disk. */
export async function readSampledSums(
  disk: Disk,
  { seed, signal }: SampleOptions & { readonly signal?: AbortSignal | undefined },
): Promise<{ readonly sums: GrainNumbers; readonly grains: readonly number[]; readonly bytes: number }> {
  const sums = createGrainNumbers();
  const grains: number[] = [];
  const data = Buffer.alloc(sampleUnitBytes);
  let bytes = 0;
  for (const { offset, length } of sampleOf(disk.sizeBytes, { seed })) {
    signal?.throwIfAborted();
    await disk.readInto(data, offset);
    noteSums(sums, data, offset);
    for (let at = 0; at < length; at += grainBytes) grains.push((offset + at) / grainBytes);
    bytes += length;
  }
  return { sums, grains, bytes };
}

function noteSums(sums: GrainNumbers, data: Buffer, offset: number): void {
  for (let at = 0; at < data.length; at += grainBytes) {
    const bytes = data.subarray(at, at + grainBytes);
    if (!bytes.equals(zeroGrain)) sums.set((offset + at) / grainBytes, crc32(bytes));
  }
}

const zeroGrain = Buffer.alloc(grainBytes);

/** @throws ConvertError `DISK_DIFFERS` */
export function requireSameGrains(
  grains: Iterable<number>,
  { made, read }: { readonly made: GrainNumbers; readonly read: GrainNumbers },
): void {
  for (const grain of grains) {
    const offset = grain * grainBytes;
    if (made.get(grain) !== read.get(grain))
      throw diskDiffers(`within the 64 KiB at byte ${offset}`, { offset });
  }
}

/** Read by QEMU at a time. */
const readsAhead = 8;

/**
 * Has QEMU read a twin of the file, in which each grain says where it belongs: so QEMU finds each of these grains where the file has
 * it, and no grain that the file does not have.
 *
 * @throws ConvertError `DISK_DIFFERS`
 */
export async function checkVmdkStructure({
  index,
  virtualSize,
  grains = index.sectors.grains(),
  signal,
}: {
  readonly index: VmdkIndex;
  /** In bytes. */
  readonly virtualSize: number;
  /** Default all. */
  readonly grains?: Iterable<number>;
  readonly signal?: AbortSignal | undefined;
}): Promise<void> {
  await using disk = await openDiskOf({ bytes: vmdkTwin(index), format: 'vmdk', signal });
  if (disk.sizeBytes !== virtualSize)
    throw structureDiffers(`the disk has ${disk.sizeBytes} bytes instead of ${virtualSize}`, { virtualSize });
  await requireSameExtents(disk, { index, signal });
  const read = async (grain: number) => {
    const offset = grain * grainBytes;
    const found = Buffer.alloc(sectorSize);
    await disk.readInto(found, offset);
    if (!found.equals(nameOf(offset)))
      throw structureDiffers(`another sector is at byte ${offset} of the disk`, { offset });
  };
  const held = function* () {
    for (const grain of grains) if (index.sectors.get(grain) !== 0) yield grain;
  };
  for await (const _ of inOrder(held(), read, { ahead: readsAhead })) signal?.throwIfAborted();
}

async function requireSameExtents(
  disk: Disk,
  { index: { sectors }, signal }: { readonly index: VmdkIndex; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  let expected = 0;
  for (const grain of sectors.grains()) expected += Math.min(grainBytes, disk.sizeBytes - grain * grainBytes);
  let found = 0;
  for await (const { length } of disk.extents({ signal })) found += length;
  if (found !== expected)
    throw structureDiffers(`it holds ${found} bytes instead of ${expected}`, { found, expected });
}
