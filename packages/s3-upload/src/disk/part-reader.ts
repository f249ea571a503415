import { createBufferPool } from './buffer-pool.ts';
import { isStreamed, type MadeDisk, type StreamedDisk, type UploadableDisk } from './disk.ts';
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
export interface PartReader extends AsyncDisposable {
  /**
   * Runs `use` with a part, whose memory is nobody else's meanwhile; with undefined where the disk turned out to end
   * before it.
   */
  with<T>(range: ByteRange, use: (part: DiskPart | undefined) => Promise<T>): Promise<T>;
}

export interface PartReaderOptions {
  readonly disk: UploadableDisk;
  /** In bytes: no range is longer. */
  readonly partSize: number;
  /** Parts in memory at a time. */
  readonly count: number;
  /** Of several uploads, for disks that are made; not for files, nor for disks that are streamed. */
  readonly memory?: PartMemory | undefined;
  /** Ends with the upload's signal. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

export async function openPartReader(options: PartReaderOptions): Promise<PartReader> {
  const { signal } = options;
  const { buffers, make } = memoryFor(options);
  const source = await openSource(options);
  return {
    async with(range, use) {
      // What waits for its bytes keeps no memory from others meanwhile.
      await source.ready?.(range, { signal });
      const taken = await buffers.take(signal);
      // After an error a thread may still write into it.
      let buffer: SharedArrayBuffer | undefined;
      try {
        const made = await source.make(range, { buffer: taken, signal });
        // Where there is no such part, nothing was done with it.
        buffer = made ? made.buffer : taken;
        return await use(made);
      } finally {
        buffers.give(buffer ?? make());
      }
    },
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  };
}

/** What parts are made of: an image, or the file of a disk. */
interface PartSource extends AsyncDisposable {
  readonly ready?: MadeDisk['ready'];
  readonly make: StreamedDisk['make'];
}

async function openSource({ disk, sleep }: PartReaderOptions): Promise<PartSource> {
  if (!('make' in disk)) return await openFileReader({ disk, sleep });
  return {
    ready: async (range, options) => {
      if ('ready' in disk) await disk.ready?.(range, options);
    },
    make: (range, options) => disk.make(range, options),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Streams and files need that of several parts at once, whatever others do; parts that are larger than usual have their own. */
function memoryFor({ disk, memory, partSize, count }: PartReaderOptions): {
  readonly buffers: PartMemory;
  readonly make: () => SharedArrayBuffer;
} {
  const isShared = 'make' in disk && !isStreamed(disk);
  if (memory && isShared && partSize <= defaultPartSize) return { buffers: memory, make: newPart };
  const make = () => new SharedArrayBuffer(partSize);
  return { buffers: createBufferPool({ count, make }), make };
}
