import { type Disk, openDisk } from '@ec2-image/disk-blocks';
import type { ComparableDisk } from './compare-disk.ts';
import { diskDiffers } from './errors.ts';
import { requireSameSize } from './same-size.ts';
import { type SampleOptions, sampleOf, sampleUnitBytes } from './sample.ts';

interface CompareSampleOptions extends SampleOptions {
  readonly signal?: AbortSignal;
}

/**
 * Compares a share of a disk with its source, as QEMU reads both.
 *
 * @returns how many bytes were compared
 * @throws ConvertError `DISK_DIFFERS`; DiskBlocksError
 */
export async function compareSample({
  disk: { source, path, format },
  signal,
  seed,
}: CompareSampleOptions & { readonly disk: ComparableDisk }): Promise<number> {
  await using wanted = await openDisk({ path: source.path, format: source.format, signal });
  await using found = await openDisk({ path, format, signal });
  return await compare({ wanted, found }, { seed, signal });
}

async function compare(
  { wanted, found }: { readonly wanted: Disk; readonly found: Disk },
  { seed, signal }: CompareSampleOptions,
): Promise<number> {
  requireSameSize({ sourceSize: wanted.sizeBytes, diskSize: found.sizeBytes });
  const [one, other] = [Buffer.alloc(sampleUnitBytes), Buffer.alloc(sampleUnitBytes)];
  let compared = 0;
  for (const { offset, length } of sampleOf(found.sizeBytes, { seed })) {
    signal?.throwIfAborted();
    await Promise.all([wanted.readInto(one, offset), found.readInto(other, offset)]);
    if (!one.equals(other)) throw diskDiffers(`within the MiB at byte ${offset}`, { offset });
    compared += length;
  }
  return compared;
}
