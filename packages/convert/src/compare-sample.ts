import { openDisk } from '@ec2-image/disk-blocks';
import type { ComparableDisk } from './compare-disk.ts';
import { diskDiffers } from './errors.ts';
import { sectorSize } from './layout/present.ts';
import { type SampleOptions, sampleOf, sampleUnitBytes } from './sample.ts';

/**
 * Compares a share of a disk with its source, as QEMU reads both.
 *
 * @returns how many bytes were compared
 * @throws ConvertError `DISK_DIFFERS`; DiskBlocksError
 */
export async function compareSample({
  disk,
  seed,
  signal,
}: SampleOptions & { readonly disk: ComparableDisk; readonly signal?: AbortSignal }): Promise<number> {
  const { source } = disk;
  await using one = await openDisk({ path: source.path, format: source.format, signal });
  await using other = await openDisk({ path: disk.path, format: disk.format, signal });
  // A raw file may end within a sector, which is filled up.
  if (Math.ceil(one.sizeBytes / sectorSize) * sectorSize !== other.sizeBytes) {
    throw diskDiffers(`it has ${other.sizeBytes} bytes, the source ${one.sizeBytes}`, {
      diskSize: other.sizeBytes,
      sourceSize: one.sizeBytes,
    });
  }
  const [wanted, found] = [Buffer.alloc(sampleUnitBytes), Buffer.alloc(sampleUnitBytes)];
  let compared = 0;
  for (const { offset, length } of sampleOf(other.sizeBytes, { seed })) {
    signal?.throwIfAborted();
    await Promise.all([one.readInto(wanted, offset), other.readInto(found, offset)]);
    if (!wanted.equals(found)) throw diskDiffers(`within the MiB at byte ${offset}`, { offset });
    compared += length;
  }
  return compared;
}
