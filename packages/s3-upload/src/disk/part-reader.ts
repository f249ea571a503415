import { checksumOf } from '@ec2-image/checksum';
import { createBufferPool } from './buffer-pool.ts';
import type { FileDisk, MadeDisk, StreamedDisk, UploadableDisk } from './disk.ts';
import { openFileReader } from './file-reader.ts';
import type { ByteRange } from './part-plan.ts';

/** A part of the disk, in memory. */
export interface DiskPart {
  readonly bytes: Buffer;
  /** CRC32, in base64. */
  readonly checksum: string;
}

/** Reads the parts of a disk, or makes them. */
export interface PartReader {
  /**
   * Runs `use` with a part, whose memory is nobody else's meanwhile; with undefined where the disk turned out to end
   * before it.
   */
  with<T>(range: ByteRange, use: (part: DiskPart | undefined) => Promise<T>): Promise<T>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface PartReaderOptions {
  readonly disk: UploadableDisk;
  /** In bytes: no range is longer. */
  readonly partSize: number;
  /** Parts in memory at a time. */
  readonly count: number;
  /** Ends with the upload's signal. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

export function openPartReader(options: PartReaderOptions): Promise<PartReader> {
  const { disk } = options;
  return 'make' in disk
    ? Promise.resolve(makingReader({ ...options, disk }))
    : fileReader({ ...options, disk });
}

async function fileReader({
  disk,
  partSize,
  count,
  sleep,
}: PartReaderOptions & { readonly disk: FileDisk }): Promise<PartReader> {
  const reader = await openFileReader({ disk, sleep });
  const buffers = createBufferPool({ count, make: () => Buffer.allocUnsafeSlow(partSize) });
  return {
    async with(range, use) {
      const buffer = await buffers.take();
      try {
        const bytes = await reader.read(range, buffer);
        return await use(bytes.length > 0 ? { bytes, checksum: checksumOf('CRC32', bytes) } : undefined);
      } finally {
        buffers.give(buffer);
      }
    },
    [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
  };
}

function makingReader({
  disk,
  partSize,
  count,
  signal,
}: PartReaderOptions & { readonly disk: MadeDisk | StreamedDisk }): PartReader {
  const make = () => new ArrayBuffer(partSize);
  const buffers = createBufferPool({ count, make });
  return {
    async with(range, use) {
      // What becomes of it after an error is not known: it may lie in a thread that has ended.
      let buffer: ArrayBuffer | undefined;
      try {
        const taken = await buffers.take();
        const made = await disk.make(range, { buffer: taken, signal });
        // Where there is no such part, nothing was done with it.
        buffer = made ? made.buffer : taken;
        return await use(made);
      } finally {
        buffers.give(buffer ?? make());
      }
    },
    [Symbol.asyncDispose]: async () => {},
  };
}
