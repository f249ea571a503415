import { openDisk } from '@ec2-image/disk-blocks';
import type { ComparableDisk } from './compare-disk.ts';
import { compareSampleOf } from './compare-disks.ts';
import type { SampleOptions } from './sample.ts';

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
  return await compareSampleOf({ source: one, disk: other, seed, signal });
}
