import { type FileHandle, open } from 'node:fs/promises';
import { type ByteSource, fileSource, ImageHeaderError, readQcow2Header } from '@ec2-image/image-headers';
import type { Extent } from '../disk.ts';
import type { DiskMap } from '../disk-map.ts';
import { mapTooLarge } from '../errors.ts';
import { openQcow2Map } from '../qcow2/qcow2-map.ts';
import { counted } from '../workers/counted.ts';
import { sharedPool, type WorkerPool } from '../workers/pool.ts';
import { createDeflate } from './deflate.ts';
import { arrivalOf, createFill, hurryFor } from './fill.ts';
import { type GrowingFile, growingSource } from './growing-source.ts';
import type { ImageReader } from './image-reader.ts';
import { findNonZero } from './non-zero.ts';
import { createExtentList } from './present.ts';
import { rawMap } from './raw-map.ts';
import { createWorkClock, type WorkClock } from './work-clock.ts';

export interface ImageReaderOptions {
  readonly path: string;
  /** The same file, open already: it is closed with the reader, or here where there is none. */
  readonly file?: FileHandle;
  readonly format: 'qcow2' | 'raw';
  /** Where the file is still being written. */
  readonly growing?: GrowingFile;
  /** How much of the disk may hold anything but zeros, in bytes, by the tables of the image. Default: all of it. */
  readonly maxDataBytes?: number | undefined;
  /**
   * In milliseconds. Tables that take longer to read, of an image of any size that is published, are there to take time. Waiting
   * for a growing file does not count. Default 60,000.
   */
  readonly maxMapMs?: number;
  /** Default: the one that the whole process shares. */
  readonly pool?: WorkerPool;
  readonly signal?: AbortSignal;
}

/** A reader, or why the image has to be read by qemu's programs. */
export type OpenedImage =
  | { readonly reader: ImageReader; readonly refusal?: undefined }
  | { readonly reader?: undefined; readonly refusal: ImageHeaderError };

/**
 * Opens an image to be read by worker threads. A complete file's whole block map is read and checked here, a growing one's as
 * it arrives; the holes of a raw file, which the file system knows, `qemu-img map` tells, where it is installed. A reader is
 * to be disposed of.
 *
 * @throws DiskBlocksError `DISK_TOO_LARGE`
 * @throws what the system says where the file cannot be opened or read
 */
export async function openImageReader(options: ImageReaderOptions): Promise<OpenedImage> {
  const { path, format, signal } = options;
  const clock = createWorkClock();
  const growing = options.growing && waitingBy(clock, options.growing);
  const file = options.file ?? (await open(path, 'r'));
  try {
    const fileSize = growing?.fileSize ?? (await file.stat()).size;
    const source = growing ? growingSource(file, growing, signal) : fileSource(file, fileSize);
    const map =
      format === 'qcow2'
        ? await openQcow2(source)
        : rawMap({ path, fileSize, isComplete: growing === undefined });
    const reader = readerOf(map, { ...options, file, clock });
    if (!growing) await reader.present({ signal });
    return { reader };
  } catch (error) {
    await file.close();
    if (error instanceof ImageHeaderError) return { refusal: error };
    throw error;
  }
}

/** The clock leaves out the time in which the file has not arrived. */
function waitingBy(clock: WorkClock, growing: GrowingFile): GrowingFile {
  return {
    ...growing,
    arrived: (range, signal) => clock.waitFor(() => growing.arrived(range, signal)),
  };
}

async function openQcow2(source: ByteSource): Promise<DiskMap> {
  const header = await readQcow2Header(source, { refcounts: false });
  // Bit 0: bitmaps, whose tables QEMU checks. Bit 1: a raw external data file, which there is not.
  if ((header.autoclear & 3n) !== 0n)
    throw new ImageHeaderError('UNSUPPORTED_IMAGE', 'the qcow2 image has persistent bitmaps', {
      hint: 'Convert the image to a plain qcow2 with the tool that made it, and import that.',
    });
  return openQcow2Map(source, header);
}

/** @throws DiskBlocksError `DISK_TOO_LARGE` */
async function presentIn(
  map: DiskMap,
  {
    clock,
    maxDataBytes,
    maxMapMs = 60_000,
    signal,
  }: Pick<ImageReaderOptions, 'maxDataBytes' | 'maxMapMs' | 'signal'> & { readonly clock: WorkClock },
): Promise<readonly Extent[]> {
  const list = createExtentList({ sizeBytes: map.sizeBytes, maxDataBytes });
  const end = clock.now() + maxMapMs;
  const onStep = () => {
    if (clock.now() > end) throw mapTooLarge(maxMapMs);
  };
  await map.eachExtent(list.add, { signal, onStep });
  return list.extents();
}

function readerOf(
  map: DiskMap,
  options: ImageReaderOptions & { readonly file: FileHandle; readonly clock: WorkClock },
): ImageReader {
  const { file, format } = options;
  const { sizeBytes } = map;
  const { run, idle } = counted(options.pool ?? sharedPool());
  const image = { ...options, map, run };
  let known: ReturnType<ImageReader['present']> | undefined;
  const present: ImageReader['present'] = ({ signal } = {}) => {
    known ??= presentIn(map, { ...options, signal });
    known.catch(() => {
      known = undefined;
    });
    return known;
  };
  return {
    format,
    sizeBytes,
    present,
    nonZero: async ({ signal } = {}) => findNonZero(image, await present({ signal }), signal),
    fill: createFill(image),
    async arrived(stretches, { hurry = false, signal } = {}) {
      if (!image.growing) return;
      const pieces = await map.locate(stretches, { signal });
      if (hurry) hurryFor(image.growing, pieces);
      await arrivalOf(image, pieces, signal);
    },
    fileEnd: (extent, { signal } = {}) => map.fileEnd(extent, { signal }),
    deflate: createDeflate(image),
    async [Symbol.asyncDispose]() {
      // A thread must not read from a file descriptor that is closed, or another file's by then.
      await idle();
      await file.close();
    },
  };
}
