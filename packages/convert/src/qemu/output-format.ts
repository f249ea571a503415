import { ConvertError } from '../errors.ts';

/** What EC2 imports, and the file name's extension. */
export type DiskFormat = 'vhdx' | 'vhd' | 'vmdk' | 'raw';

const gib = 1024 ** 3;

interface OutputFormat {
  /** What follows `qemu-img convert`. */
  readonly args: readonly string[];
  /** The largest disk the format or QEMU's writer takes, in bytes. */
  readonly maxVirtualSize: number;
}

export const outputFormats: Readonly<Record<DiskFormat, OutputFormat>> = {
  // MS-VHDX 2.5.1.1: what a reader makes of blocks that are not present is left to it; only state ZERO means zeros.
  vhdx: {
    args: ['-O', 'vhdx', '-o', 'subformat=dynamic,block_state_zero=on'],
    maxVirtualSize: 64 * 1024 * gib,
  },
  // Without force_size the disk grows to the next whole cylinder, and the snapshot with it to the next GiB.
  vhd: { args: ['-O', 'vpc', '-o', 'subformat=dynamic,force_size=on'], maxVirtualSize: 2040 * gib },
  vmdk: { args: ['-O', 'vmdk', '-o', 'subformat=streamOptimized'], maxVirtualSize: 2048 * gib },
  raw: { args: ['-O', 'raw'], maxVirtualSize: Number.MAX_SAFE_INTEGER },
};

/** @throws ConvertError `DISK_TOO_LARGE` */
export function requireRepresentable(format: DiskFormat, virtualSize: number): void {
  const { maxVirtualSize } = outputFormats[format];
  if (virtualSize <= maxVirtualSize) return;
  throw new ConvertError(
    'DISK_TOO_LARGE',
    `a ${format} disk is limited to ${maxVirtualSize} bytes, and this one has ${virtualSize}`,
    { hint: 'Use --format vhdx or raw.', facts: { virtualSize, maxVirtualSize } },
  );
}
