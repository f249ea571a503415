import type { Extent } from './disk.ts';

/** A stretch of the disk and its place in a buffer. All three are in bytes, and `offset` and `length` multiples of 512. */
export interface Stretch extends Extent {
  /** Where the stretch begins in the buffer. */
  readonly at: number;
}

/** Told of an extent of the disk, in bytes: without an object for each, since a map of few bytes can have millions of them. */
export type TakeExtent = (offset: number, length: number) => void;

export interface WalkOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once in each few milliseconds of reading the map, at least. What it throws ends that. */
  readonly onStep?: (() => void) | undefined;
}

/** Where the disk lies in the file. */
export interface DiskMap {
  readonly sizeBytes: number;
  /** Of a compressed cluster, in bytes. */
  readonly clusterSize: number;
  /** What may hold anything but zeros, in order, without overlap, within the disk; neighbours may come apart. */
  eachExtent(take: TakeExtent, options: WalkOptions): Promise<void>;
  /** Rows of pieces (`pieces.ts`) that cover the stretches. */
  locate(stretches: readonly Stretch[], options: WalkOptions): Promise<Float64Array<ArrayBuffer>>;
  /** Where in the file the last byte ends that an extent needs, in bytes; 0 where it needs none. */
  fileEnd(extent: Extent, options: WalkOptions): Promise<number>;
}
