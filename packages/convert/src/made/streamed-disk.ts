import { type Block, blockSizeBytes, type Extent } from '@ec2-image/disk-blocks';
import { type PlannedFormat, planDisk } from '../layout/plan-disk.ts';
import { checkStructure } from './check-structure.ts';
import type { FileRange, MadeRange } from './make-range.ts';
import { createPlacement } from './placement.ts';
import { createRangeRequests, type RangeRequests } from './range-requests.ts';

/**
 * A disk file that is never written, made from a disk that comes as a stream: front to back, but for the file's head, which
 * follows from all of it.
 */
export interface StreamedDisk extends AsyncDisposable {
  readonly format: PlannedFormat;
  /** What the file will not exceed, in bytes. */
  readonly maxSize: number;
  /** Of the head, in bytes: ranges that have a part of it wait for the end of the stream. */
  readonly headBytes: number;
  /** In bytes; a multiple of 512. */
  readonly virtualSize: number;
  /**
   * Makes a range of the file once enough of the disk has come. Ranges are asked for from the front, without gaps, those of the
   * head and another at once at least: the stream waits until somebody has asked for what it brings. The first one begins a new
   * reading, which ends the one before.
   *
   * @param options.buffer at least as long as the range: its content is lost, and it is given back
   * @returns what of the range the file has, undefined where the file ends before it
   * @throws what the stream throws; RangeError of a range that has gone by
   */
  make(
    range: FileRange,
    options: { readonly buffer: SharedArrayBuffer; readonly signal?: AbortSignal },
  ): Promise<MadeRange | undefined>;
  /** Has QEMU find each block of the disk that was read last where the file has it: {@link checkStructure}. */
  checkStructure(options: { readonly signal?: AbortSignal }): Promise<void>;
}

export interface StreamDiskOptions {
  /** The disk from its beginning, at each call; all-zero blocks may be missing. */
  readonly blocks: (options: { readonly signal: AbortSignal }) => AsyncIterable<Block>;
  readonly format: PlannedFormat;
  /** In bytes, a multiple of 512. */
  readonly virtualSize: number;
  /** Of the image, as published: it makes the identifiers in the file. */
  readonly digest: string;
}

/**
 * The file is that which `makeDisk` makes of the same disk.
 *
 * @throws ConvertError `DISK_TOO_LARGE`
 */
export function streamDisk(options: StreamDiskOptions): StreamedDisk {
  const { format, virtualSize } = options;
  const largest = plan(options, [{ offset: 0, length: virtualSize }]);
  let reading: Reading | undefined;
  return {
    format,
    maxSize: largest.fileSize,
    headBytes: largest.blocks.at,
    virtualSize,
    make(range, given) {
      if (!reading || range.start === 0) reading = startReading(options, reading?.stop());
      return reading.requests.make(range, given);
    },
    async checkStructure({ signal }) {
      await checkStructure({ layout: plan(options, await reading!.ended), format, virtualSize, signal });
    },
    [Symbol.asyncDispose]: async () => reading?.stop(),
  };
}

interface Reading {
  readonly requests: RangeRequests;
  /** With what of the disk is present. */
  readonly ended: Promise<readonly Extent[]>;
  stop(): Promise<void>;
}

function startReading(options: StreamDiskOptions, before: Promise<void> | undefined): Reading {
  const { blocks, virtualSize } = options;
  const stop = new AbortController();
  const places = plan(options, []).blocks;
  const requests = createRangeRequests({ headBytes: places.at });
  const read = async () => {
    await before;
    const present: Extent[] = [];
    const place = createPlacement({ places, virtualSize });
    for await (const block of blocks({ signal: stop.signal })) {
      for (const { at, bytes } of place(block)) await requests.place(at, bytes);
      const offset = block.index * blockSizeBytes;
      present.push({ offset, length: Math.min(blockSizeBytes, virtualSize - offset) });
      block.release();
    }
    requests.end(plan(options, present));
    return present;
  };
  const ended = read();
  ended.catch(requests.fail);
  return {
    requests,
    ended,
    async stop() {
      const reason = new DOMException('the reading has ended', 'AbortError');
      stop.abort(reason);
      requests.fail(reason);
      await Promise.allSettled([ended]);
    },
  };
}

function plan({ format, virtualSize, digest }: StreamDiskOptions, present: readonly Extent[]) {
  return planDisk({ format, virtualSize, present, digest });
}
