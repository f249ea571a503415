import type { Extent } from '../disk.ts';
import type { Stretch } from '../disk-map.ts';

export interface FillOptions {
  /** The first `length` bytes of `buffer` are the result. What no stretch covers keeps its content. */
  readonly length: number;
  /**
   * To be filled, at least `length` bytes long; a buffer of zeros by default. A worker thread writes into it: shared memory,
   * since the garbage collector would count what is transferred there and back as allocated each time. After an error or
   * an abort the thread may still write into it, so it is not to be used again.
   */
  readonly buffer?: SharedArrayBuffer;
  readonly stretches: readonly Stretch[];
  /** Whether the CRC32 of the whole result is wanted. Default false. */
  readonly crc32?: boolean;
  /** Whether the SHA-256 of each block of 512 KiB is wanted, the last one padded with zeros. Default false. */
  readonly sha256?: boolean;
  readonly signal?: AbortSignal;
}

export interface DeflateOptions {
  /** Where on the disk the units begin, in bytes: multiples of 512. */
  readonly offsets: readonly number[];
  /** A multiple of 512. A unit that reaches beyond the end of the disk is padded with zeros. */
  readonly unitBytes: number;
  /** Left free in front of each stream. Default 0. */
  readonly leadBytes?: number;
  /** Each stream, with what is in front of it, is filled up with zeros to a multiple of this. Default 1. */
  readonly alignBytes?: number;
  /** Of zlib, for what the image has not deflated. Default 1. */
  readonly level?: number;
  /**
   * Where the streams are put, as long as they can be: for each unit `compressBound` of zlib, with its lead, aligned. Memory
   * of their own by default. After an error or an abort the thread may still write into it, so it is not to be used again.
   */
  readonly buffer?: SharedArrayBuffer;
  readonly signal?: AbortSignal;
}

export interface Deflated {
  /** The streams one after the other, with what is left free. */
  readonly bytes: Buffer;
  /** Where in `bytes` each is; undefined where the unit is all zeros. */
  readonly streams: readonly (DeflatedUnit | undefined)[];
}

/** Where the stream of a unit is, in bytes. */
export interface DeflatedUnit extends Extent {
  /** Of the unit, as the stream was inflated where it is. */
  readonly crc32: number;
}

export interface Filled {
  /** The same memory as was given, to be given again. */
  readonly buffer: SharedArrayBuffer;
  /** Its first `length` bytes. */
  readonly data: Buffer;
  readonly crc32?: number;
  /** SHA-256, raw, one for each block of 512 KiB. */
  readonly digests?: readonly Buffer[];
}

/** The disk in an image file, read by worker threads of our own, without a qemu program. */
export interface ImageReader extends AsyncDisposable {
  readonly format: 'qcow2' | 'raw';
  /** Of the disk, in bytes: a multiple of 512. */
  readonly sizeBytes: number;
  /**
   * What of the disk may hold anything but zeros, widened to whole 64 KiB and merged: in order, without overlap, within the
   * disk.
   *
   * @throws ImageHeaderError of a growing file whose tables turn out wrong
   * @throws DiskBlocksError `DISK_TOO_LARGE` of a growing file, by the limits that it was opened with
   */
  present(options?: { readonly signal?: AbortSignal }): Promise<readonly Extent[]>;
  /**
   * The same, without the units of 64 KiB that lie in the file as they are and are all zeros: reads those once, in worker
   * threads. For raw files without holes, and for images that keep zeros.
   *
   * @throws DiskBlocksError
   */
  nonZero(options?: { readonly signal?: AbortSignal }): Promise<readonly Extent[]>;
  /**
   * Reads stretches of the disk into a buffer, in a worker thread. Several may run at a time.
   *
   * @throws DiskBlocksError
   */
  fill(options: FillOptions): Promise<Filled>;
  /**
   * Resolves once all that the stretches need of a growing file has been written.
   *
   * @param options.hurry whether it may be fetched out of turn. Default false.
   */
  arrived(
    stretches: readonly Stretch[],
    options?: { readonly hurry?: boolean; readonly signal?: AbortSignal | undefined },
  ): Promise<void>;
  /** Where in the file the last byte ends that an extent of the disk needs, in bytes; 0 where it needs none. */
  fileEnd(extent: Extent, options?: { readonly signal?: AbortSignal | undefined }): Promise<number>;
  /**
   * A zlib stream (RFC 1950) of each unit of the disk that is not all zeros, made in a worker thread. A unit that is one
   * deflated cluster of the image keeps the image's own deflate stream, which takes a fraction of the time.
   *
   * @throws DiskBlocksError
   */
  deflate(options: DeflateOptions): Promise<Deflated>;
}

/** In a file, in bytes. */
export interface FileRange {
  readonly offset: number;
  readonly length: number;
}
