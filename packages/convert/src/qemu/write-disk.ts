import { dirname } from 'node:path';
import { findUnreadable } from '@ec2-image/disk-blocks';
import { ConvertError, diskFullPattern, workDirectoryFull } from '../errors.ts';
import { requireFreeSpace } from '../free-space.ts';
import { allocatedBytes } from './allocated-bytes.ts';
import { blockDevice, type ImageFile } from './block-device.ts';
import { type DiskFormat, outputFormats, requireRepresentable } from './output-format.ts';
import { runQemuImg } from './qemu-img.ts';

export interface WriteDiskOptions {
  /** Its header has been checked. */
  readonly source: ImageFile;
  readonly format: DiskFormat;
  /** An absolute path: QEMU would take `name:` at the beginning of another for a protocol. */
  readonly output: string;
  /** In bytes. */
  readonly virtualSize: number;
  readonly signal?: AbortSignal;
  /** In bytes of the disk. */
  readonly onBytes?: (done: number) => void;
}

/**
 * How far before the end of the growing file qemu-img may not have written yet: its eight coroutines take 2 MiB each, and
 * the file is lengthened by a whole block at once, of a VHDX of up to 64 MiB (QEMU's block/vhdx.c). In bytes.
 */
export const writeLagBytes = (64 + 8 * 2) * 2 ** 20;

/**
 * Runs `qemu-img convert`. In order and with its own cache modes and eight coroutines: of those tried on a 6 GiB disk
 * (`-W`, `-m 16`, `-t none`, `-t writeback`) none was faster than the defaults by more than the noise, the cache
 * modes were slower by half, and without `-W` the output grows from front to back, so that it can be uploaded meanwhile.
 *
 * @throws ConvertError `CONVERSION_FAILED`, `DISK_TOO_LARGE`, `WORK_DIRECTORY_FULL`; DiskBlocksError `IMAGE_NOT_READABLE`
 */
export async function writeDisk(options: WriteDiskOptions): Promise<void> {
  const { source, format, output, virtualSize, signal, onBytes } = options;
  requireRepresentable(format, virtualSize);
  const directory = dirname(output);
  if (source.format === 'qcow2' && format !== 'vmdk') {
    await requireFreeSpace(directory, await allocatedBytes({ ...source, virtualSize }, signal));
  }
  const { exitCode, stderr } = await runQemuImg({
    args: ['convert', '-p', ...outputFormats[format].args, await blockDevice(source), output],
    maxOutputBytes: maxOutputBytes(virtualSize),
    signal,
    onFraction: (fraction) => onBytes?.(Math.floor(fraction * virtualSize)),
  });
  if (exitCode === 0) return;
  if (diskFullPattern.test(stderr)) {
    throw workDirectoryFull({ directory, cause: new Error(stderr) });
  }
  throw (
    (await findUnreadable(source.path, { signal })) ??
    new ConvertError('CONVERSION_FAILED', `qemu-img cannot convert the ${source.format} image: ${stderr}`, {
      hint: 'Check the image with `qemu-img check`, or download it again.',
      facts: { exitCode, stderr },
    })
  );
}

/** What the formats add at most: tables, alignment to blocks of 32 MiB, and grains that do not compress. */
function maxOutputBytes(virtualSize: number): number {
  return Math.ceil(virtualSize * 1.02) + 256 * 1024 ** 2;
}
