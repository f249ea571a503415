import { type ImageFormat, readImageHeader } from '@ec2-image/image-headers';
import pLimit from 'p-limit';
import { ConvertError, diskDiffers } from './errors.ts';
import { blockDevice, type DiskRange, type ImageFile } from './qemu/block-device.ts';
import type { DiskFormat } from './qemu/output-format.ts';
import { runQemuImg } from './qemu/qemu-img.ts';
import { withSource } from './with-source.ts';

/** A disk file, and the file it was made from. */
export interface ComparableDisk {
  readonly path: string;
  readonly format: DiskFormat;
  readonly source: { readonly path: string; readonly format: ImageFormat };
}

export interface CompareOptions {
  readonly disk: ComparableDisk;
  readonly signal?: AbortSignal;
  /** In bytes of the disk. */
  readonly onProgress?: (progress: { done: number; total: number }) => void;
}

/**
 * Proves that a disk holds what its source holds, byte for byte, by reading both to the end. A disk that is its own
 * source was not converted, and there is nothing to compare.
 *
 * @throws ConvertError `DISK_DIFFERS`, with the offset of the first difference; `COMPARISON_FAILED`
 */
export async function compareDisk({ disk, signal, onProgress }: CompareOptions): Promise<void> {
  const { source } = disk;
  if (disk.path === source.path) return;
  const total = await readVirtualSize(source);
  const diskSize = await readVirtualSize(disk);
  if (diskSize !== total) {
    throw diskDiffers(`it has ${diskSize} bytes, the source ${total}`, { diskSize, sourceSize: total });
  }
  const ranges = rangesOf(total);
  const done = ranges.map(() => 0);
  const stop = new AbortController();
  const limit = pLimit({ concurrency: rangesSideBySide, rejectOnClear: true });
  try {
    const differences = await limit.map(ranges, (range, index) =>
      firstDifference({
        images: [source, disk],
        range,
        signal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal,
        onFraction(fraction) {
          done[index] = Math.floor(fraction * range.length);
          onProgress?.({ done: done.reduce((sum, bytes) => sum + bytes, 0), total });
        },
      }).then((at) => (at === undefined ? [] : [range.offset + at])),
    );
    const [offset] = differences.flat();
    if (offset !== undefined) throw diskDiffers(`the first difference is at byte ${offset}`, { offset });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    limit.clearQueue();
    stop.abort();
  }
}

/** qemu-img reads and unpacks on one core: of 4 GiB with 1 GiB of compressed data, 16 stretches took half the time of one on two cores. */
const mostRanges = 16;
const leastRangeBytes = 256 * 2 ** 20;
/** More than two cores are used where available; what waits for the disk leaves them to others. */
const rangesSideBySide = 4;

/** A disk cut into stretches of one size, but for the last. */
function rangesOf(total: number): DiskRange[] {
  const length = Math.ceil(Math.max(total / mostRanges, leastRangeBytes) / 2 ** 20) * 2 ** 20;
  return Array.from({ length: Math.max(1, Math.ceil(total / length)) }, (_, index) => ({
    offset: index * length,
    length: Math.min(length, total - index * length),
  }));
}

async function firstDifference({
  images,
  range,
  signal,
  onFraction,
}: {
  readonly images: readonly [ImageFile, ImageFile];
  readonly range: DiskRange;
  readonly signal: AbortSignal;
  readonly onFraction: (fraction: number) => void;
}): Promise<number | undefined> {
  const { exitCode, stdout, stderr } = await runQemuImg({
    args: ['compare', '-p', ...(await Promise.all(images.map((image) => blockDevice(image, range))))],
    signal,
    onFraction,
  });
  if (exitCode === 0) return undefined;
  if (exitCode === 1) return Number(/offset (\d+)/.exec(stdout)?.[1]);
  throw new ConvertError('COMPARISON_FAILED', `qemu-img cannot compare the disk with its source: ${stderr}`, {
    hint: 'Run the same command again; the disk is not used before the comparison succeeds.',
    facts: { exitCode, stderr },
  });
}

/** Both are held to the rules for hostile images again: they may have changed since they were inspected. */
async function readVirtualSize({ path, format }: ImageFile): Promise<number> {
  const header = await withSource(path, readImageHeader);
  if (header.format === format) return header.virtualSize;
  throw new ConvertError('COMPARISON_FAILED', `${path} is a ${header.format} image, not ${format}`, {
    hint: 'Something else changed the file: run the same command again.',
    facts: { path },
  });
}
