import type { Extent } from './disk.ts';

/** A stretch of the disk and its place in a buffer. All three are in bytes, and `offset` and `length` multiples of 512. */
export interface Stretch extends Extent {
  /** Where the stretch begins in the buffer. */
  readonly at: number;
}

/** Where the disk lies in the file. */
export interface DiskMap {
  readonly sizeBytes: number;
  /** Of a compressed cluster, in bytes. */
  readonly clusterSize: number;
  /** What may hold anything but zeros, in order, without overlap, within the disk. */
  extents(options: { readonly signal?: AbortSignal }): AsyncIterable<Extent>;
  /** Rows of pieces (`pieces.ts`) that cover the stretches. */
  locate(
    stretches: readonly Stretch[],
    options: { readonly signal?: AbortSignal },
  ): Promise<Float64Array<ArrayBuffer>>;
}
