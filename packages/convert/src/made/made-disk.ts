import type { DiskFormat } from '../qemu/output-format.ts';
import type { SampleOptions } from '../sample.ts';
import type { MakeRange } from './make-range.ts';
import type { StreamedFile } from './streamed-file.ts';

export interface ProveOptions {
  readonly signal?: AbortSignal;
  /** In bytes of what is read. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** A file of which any range can be made, the same bytes each time. */
export interface PlannedFile {
  /** In bytes. */
  readonly size: number;
  /**
   * @param options.buffer at least as long as the range: shared with a worker thread until it is given back
   * @throws DiskBlocksError
   */
  readonly make: MakeRange;
}

export interface FileSum {
  /** In bytes. */
  readonly size: number;
  /** CRC32, in base64. */
  readonly checksum: string;
}

/** A disk file that is never written: it is made from the image, the same bytes each time. */
export interface MadeDisk extends AsyncDisposable {
  readonly format: DiskFormat;
  /** In bytes; a multiple of 512. */
  readonly virtualSize: number;
  /** What of it may be anything but zeros, in bytes. */
  readonly dataBytes: number;
  /** What it is made from. */
  readonly source: { readonly path: string };
  /** A VMDK, whose size follows from how the disk compresses, comes front to back; of the others, any range. */
  readonly file: PlannedFile | StreamedFile;
  /**
   * What the file is by an independent reading: QEMU reads the image, and how QEMU reads the file's structure is checked. Of a
   * VMDK, what QEMU reads is compared with what the grains inflated to when they were made.
   *
   * @throws ConvertError `DISK_DIFFERS`, DiskBlocksError
   */
  prove(options: ProveOptions): Promise<FileSum>;
  /**
   * Begins the next `prove` while the file is still being made, or sent: most of a proof takes the image alone. Resolves at its
   * end; what comes of it, `prove` tells. The signal has to abort before the disk is disposed of.
   */
  proveAhead(options: Pick<ProveOptions, 'signal'>): Promise<void>;
  /**
   * The same for a share of the disk.
   *
   * @returns how many bytes of the disk were compared
   * @throws ConvertError `DISK_DIFFERS`, DiskBlocksError
   */
  proveSample(options: SampleOptions & { readonly signal?: AbortSignal }): Promise<number>;
  /** What the file is, as it is made. */
  sum(options: { readonly signal?: AbortSignal }): Promise<FileSum>;
}
