import { blockSizeBytes, type Disk, diskBlocks } from '@ec2-image/disk-blocks';
import { diskDiffers } from './errors.ts';
import { sectorSize } from './layout/present.ts';
import { type SampleOptions, sampleOf, sampleUnitBytes } from './sample.ts';

export interface CompareDisksOptions {
  /** What the disk was made from. */
  readonly source: Disk;
  readonly disk: Disk;
  readonly signal?: AbortSignal;
}

/**
 * Compares two disks block by block.
 *
 * @returns how many bytes each of them has
 * @throws ConvertError `DISK_DIFFERS`; DiskBlocksError
 */
export async function compareDisks({
  source,
  disk,
  signal,
  onBytes,
}: CompareDisksOptions & { readonly onBytes?: (done: number) => void }): Promise<number> {
  requireSameSize({ source, disk });
  const wanted = diskBlocks({ disk: source, signal });
  const found = diskBlocks({ disk, signal });
  try {
    for (;;) {
      const [one, other] = (await Promise.all([wanted.next(), found.next()])).map(({ value }) => value);
      if (!one && !other) return disk.sizeBytes;
      if (!one || !other || one.index !== other.index || !one.data.equals(other.data)) {
        const offset = Math.min(...[one, other].flatMap((block) => block?.index ?? [])) * blockSizeBytes;
        throw diskDiffers(`within the block at byte ${offset}`, { offset });
      }
      onBytes?.(Math.min((one.index + 1) * blockSizeBytes, disk.sizeBytes));
      one.release();
      other.release();
    }
  } finally {
    await Promise.allSettled([wanted.return(undefined), found.return(undefined)]);
  }
}

/**
 * Compares a share of two disks.
 *
 * @returns how many bytes were compared
 * @throws as {@link compareDisks}
 */
export async function compareSampleOf({
  source,
  disk,
  seed,
  signal,
}: CompareDisksOptions & SampleOptions): Promise<number> {
  requireSameSize({ source, disk });
  const [wanted, found] = [Buffer.alloc(sampleUnitBytes), Buffer.alloc(sampleUnitBytes)];
  let compared = 0;
  for (const { offset, length } of sampleOf(disk.sizeBytes, { seed })) {
    signal?.throwIfAborted();
    await Promise.all([source.readInto(wanted, offset), disk.readInto(found, offset)]);
    if (!wanted.equals(found)) throw diskDiffers(`within the MiB at byte ${offset}`, { offset });
    compared += length;
  }
  return compared;
}

/** A raw file may end within a sector, which is filled up. */
function requireSameSize({ source, disk }: CompareDisksOptions): void {
  if (Math.ceil(source.sizeBytes / sectorSize) * sectorSize === disk.sizeBytes) return;
  throw diskDiffers(`it has ${disk.sizeBytes} bytes, the source ${source.sizeBytes}`, {
    diskSize: disk.sizeBytes,
    sourceSize: source.sizeBytes,
  });
}
