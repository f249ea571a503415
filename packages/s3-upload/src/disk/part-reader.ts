import { checksumOf } from '@ec2-image/checksum';
import { createBufferPool } from './buffer-pool.ts';
import { type FileDisk, isStreamed, type MadeDisk, type StreamedDisk, type UploadableDisk } from './disk.ts';
import { openFileReader } from './file-reader.ts';
import { newPart, type PartMemory } from './part-memory.ts';
import { type ByteRange, defaultPartSize } from './part-plan.ts';

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
  /** Of several uploads, for disks that are made; not for those that are streamed. */
  readonly memory?: PartMemory | undefined;
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
  signal,
}: PartReaderOptions & { readonly disk: FileDisk }): Promise<PartReader> {
  const reader = await openFileReader({ disk, sleep });
  const buffers = createBufferPool({ count, make: () => Buffer.allocUnsafeSlow(partSize) });
  return {
    async with(range, use) {
      const buffer = await buffers.take(signal);
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

function makingReader(options: PartReaderOptions & { readonly disk: MadeDisk | StreamedDisk }): PartReader {
  const { disk, signal } = options;
  const { buffers, make } = memoryFor(options);
  return {
    async with(range, use) {
      // What waits for its bytes keeps no memory from others meanwhile.
      if ('ready' in disk) await disk.ready?.(range, { signal });
      const taken = await buffers.take(signal);
      // After an error a thread may still write into it.
      let buffer: SharedArrayBuffer | undefined;
      try {
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

/** A stream needs that of several parts at once, whatever others do; parts that are larger than usual have their own. */
function memoryFor({ disk, memory, partSize, count }: PartReaderOptions): {
  readonly buffers: PartMemory;
  readonly make: () => SharedArrayBuffer;
} {
  if (memory && !isStreamed(disk) && partSize <= defaultPartSize) return { buffers: memory, make: newPart };
  const make = () => new SharedArrayBuffer(partSize);
  return { buffers: createBufferPool({ count, make }), make };
}
