import { type ImageReader, openDisk, openImageReader } from '@ec2-image/disk-blocks';
import type { DiskFacts } from '../inspect-image.ts';
import type { DiskLayout } from '../layout/layout.ts';
import { type PlannedFormat, planDisk } from '../layout/plan-disk.ts';
import type { SampleOptions } from '../sample.ts';
import { checkStructure } from './check-structure.ts';
import { type FileRange, type MadeRange, rangeMaker } from './make-range.ts';
import { proveLayout } from './prove-layout.ts';
import { proveSample } from './prove-sample.ts';

export interface ProveOptions {
  readonly signal?: AbortSignal;
  /** In bytes of the file. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** A disk file that is never written: any range of it is made from the image, the same bytes each time. */
export interface MadeDisk extends AsyncDisposable {
  readonly format: PlannedFormat;
  /** Of the file, in bytes. */
  readonly size: number;
  /** In bytes; a multiple of 512. */
  readonly virtualSize: number;
  /** What it is made from. */
  readonly source: { readonly path: string };
  /**
   * @param options.buffer at least as long as the range: shared with a worker thread until it is given back
   * @throws DiskBlocksError
   */
  make(
    range: FileRange,
    options: { readonly buffer: SharedArrayBuffer; readonly signal?: AbortSignal },
  ): Promise<MadeRange>;
  /**
   * CRC32 (base64) of each range, from an independent reading: QEMU reads the image, and how QEMU reads the file's
   * structure is checked. The ranges are in order, without gaps, and cover the file.
   *
   * @throws ConvertError `DISK_DIFFERS`, DiskBlocksError
   */
  prove(ranges: readonly FileRange[], options: ProveOptions): Promise<readonly string[]>;
  /**
   * The structure as in `prove`, and a share of the disk as QEMU and our reader read it.
   *
   * @returns how many bytes of the disk were compared
   * @throws ConvertError `DISK_DIFFERS`, DiskBlocksError
   */
  proveSample(options: SampleOptions & { readonly signal?: AbortSignal }): Promise<number>;
}

export interface OpenMadeDiskOptions {
  /** Inspected, and not packed. */
  readonly image: DiskFacts;
  readonly format: PlannedFormat;
  /** Of the image, as published: it makes the identifiers in the file. */
  readonly digest: string;
  readonly signal?: AbortSignal;
}

/**
 * Plans the disk file of an image that our own reader takes.
 *
 * @returns undefined where the image has to be converted by QEMU
 */
export async function openMadeDisk(options: OpenMadeDiskOptions): Promise<MadeDisk | undefined> {
  const { image, format, digest, signal } = options;
  const { path, virtualSize } = image;
  if (image.format !== 'qcow2' && image.format !== 'raw') return undefined;
  const { reader } = await openImageReader({ path, format: image.format, signal });
  if (!reader) return undefined;
  try {
    // Which zeros of a raw file are holes differs from one file system to another, and the disk must not.
    const present = await (image.format === 'raw' ? reader.nonZero({ signal }) : reader.present({ signal }));
    const layout = planDisk({ format, virtualSize, present, digest });
    return madeDisk({ ...options, reader, layout });
  } catch (error) {
    await reader[Symbol.asyncDispose]();
    throw error;
  }
}

function madeDisk({
  image,
  format,
  reader,
  layout,
}: OpenMadeDiskOptions & { readonly reader: ImageReader; readonly layout: DiskLayout }): MadeDisk {
  const { path, virtualSize } = image;
  const check = (signal?: AbortSignal) => checkStructure({ layout, format, virtualSize, signal });
  return {
    format,
    size: layout.fileSize,
    virtualSize,
    source: { path },
    make: rangeMaker({ layout, reader }),
    async prove(ranges, { signal, onProgress }) {
      await using disk = await openDisk({ path, format: image.format, signal });
      const checksums = await proveLayout({ layout, disk, ranges, signal, onProgress });
      await check(signal);
      return checksums;
    },
    async proveSample({ seed, signal }) {
      await using disk = await openDisk({ path, format: image.format, signal });
      const compared = await proveSample({ layout, reader, disk, seed, signal });
      await check(signal);
      return compared;
    },
    [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
  };
}
