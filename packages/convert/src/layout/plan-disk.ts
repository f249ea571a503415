import type { Extent } from '@ec2-image/disk-blocks';
import { type DiskFormat, requireRepresentable } from '../qemu/output-format.ts';
import { blocksLayout } from './blocks-layout.ts';
import type { DiskLayout, PlanOptions } from './layout.ts';
import { presentFrom } from './present.ts';
import { planDynamicVhd, planFixedVhd } from './vhd.ts';
import { planVhdx } from './vhdx.ts';

/** The formats whose files are known byte for byte from what of the disk is present; a VMDK's follow from how it compresses. */
export type PlannedFormat = Exclude<DiskFormat, 'vmdk'>;

export interface PlanDiskOptions {
  readonly format: PlannedFormat;
  /** Of a VHD alone; default `dynamic`. */
  readonly subformat?: 'dynamic' | 'fixed';
  /** In bytes, a multiple of 512. */
  readonly virtualSize: number;
  /** What of the disk may hold anything but zeros, in whole sectors: in order, without overlap. */
  readonly present: Iterable<Extent>;
  /** Of the image, as published: it makes the identifiers in the file. */
  readonly digest: string;
}

/**
 * Plans a disk file: which bytes of it are the disk's, and what the others are. A function of its options alone, so that
 * any machine makes the same file; {@link converterVersion} names what else decides.
 *
 * @throws ConvertError `DISK_TOO_LARGE` above the format's limit
 * @throws RangeError where size or stretches are not as described
 */
export function planDisk({ format, subformat, virtualSize, present, digest }: PlanDiskOptions): DiskLayout {
  requireRepresentable(format, virtualSize);
  const options: PlanOptions = {
    identity: { digest, format },
    virtualSize,
    present: presentFrom(present, virtualSize),
  };
  if (format === 'vhdx') return planVhdx(options);
  if (format === 'vhd') return subformat === 'fixed' ? planFixedVhd(options) : planDynamicVhd(options);
  return planRaw(options);
}

function planRaw({ virtualSize, present }: PlanOptions): DiskLayout {
  return blocksLayout({
    literals: [],
    blocks: { at: 0, sizeBytes: virtualSize, indexes: [0] },
    present,
    fileSize: virtualSize,
  });
}
