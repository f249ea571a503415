import { openDiskOf } from '@ec2-image/disk-blocks';
import { ConvertError } from '../errors.ts';
import type { DiskLayout } from '../layout/layout.ts';
import type { PlannedFormat } from '../layout/plan-disk.ts';
import { nameOf, twinOf } from './twin.ts';

export interface CheckStructureOptions {
  readonly layout: DiskLayout;
  readonly format: PlannedFormat;
  /** In bytes. */
  readonly virtualSize: number;
  readonly signal?: AbortSignal;
}

/**
 * Has QEMU read a twin of the file, in which the sectors at the ends of each block of the disk say where they belong: so
 * QEMU finds the disk in the file where the layout has put it. Takes a fraction of a second, and no room on a disk.
 *
 * @throws ConvertError `DISK_DIFFERS`
 */
export async function checkStructure({
  layout,
  format,
  virtualSize,
  signal,
}: CheckStructureOptions): Promise<void> {
  // A raw file has no structure.
  if (format === 'raw') return;
  const { bytes, named } = twinOf(layout);
  await using disk = await openDiskOf({ bytes, format, signal });
  if (disk.sizeBytes !== virtualSize)
    throw structureDiffers(`the disk has ${disk.sizeBytes} bytes instead of ${virtualSize}`, { virtualSize });
  const found = Buffer.alloc(nameOf(0).length);
  for (const { offset } of named) {
    signal?.throwIfAborted();
    await disk.readInto(found, offset);
    if (!found.equals(nameOf(offset)))
      throw structureDiffers(`another sector is at byte ${offset} of the disk`, { offset });
  }
}

export function structureDiffers(how: string, facts: Readonly<Record<string, number>>): ConvertError {
  return new ConvertError('DISK_DIFFERS', `QEMU reads the disk file otherwise than it was planned: ${how}`, {
    hint: 'Use --converter qemu-img, and report this with the size of the disk.',
    facts,
  });
}
