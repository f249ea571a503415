import { open } from 'node:fs/promises';
import { isExplained } from '@ec2-image/explained-error';
import { fileSource, type ImageHeader, readImageHeader } from '@ec2-image/image-headers';
import { fillWithZeros } from './block.ts';
import type { Disk, Extent } from './disk.ts';
import { DiskBlocksError, nbdFailed } from './errors.ts';
import { fileExtents, fileHoles } from './file-map.ts';
import { findUnreadable } from './find-unreadable.ts';
import { connectNbdTwice } from './nbd/connections.ts';
import { type DiskImageFormat, type ImagePlace, startQemuNbd } from './nbd/qemu-nbd.ts';
import { type ServedSource, serveBytes } from './nbd/serve-bytes.ts';

/**
 * Opens the content of a disk image for reading: a raw one as the file it is, any other through qemu-nbd, so that no
 * raw copy is needed. Holes cost nothing either way. Check the header before.
 *
 * @throws DiskBlocksError `QEMU_NBD_MISSING`, `QEMU_NBD_FAILED`, `NBD_FAILED`, when it is read `DATA_UNREADABLE`, `IMAGE_NOT_READABLE`; ImageHeaderError of a VHD that has changed since
 */
export async function openDisk(options: {
  readonly path: string;
  readonly format: DiskImageFormat;
  /** Whether `holes` will be asked for. Default false. */
  readonly withHoles?: boolean;
  readonly signal?: AbortSignal;
}): Promise<Disk> {
  return options.format === 'raw' ? openRawFile(options) : openThroughNbd(options);
}

async function openRawFile({ path }: { readonly path: string }): Promise<Disk> {
  const file = await open(path, 'r');
  const { size: sizeBytes } = await file.stat();
  return {
    sizeBytes,
    extents: ({ signal }) => fileExtents({ path, sizeBytes, signal }),
    holes: ({ signal }) => fileHoles({ path, signal }),
    async readInto(buffer, offset) {
      let filled = 0;
      while (filled < buffer.length) {
        const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      if (filled < Math.min(buffer.length, sizeBytes - offset)) throw shortRead(path, offset + filled);
      fillWithZeros(buffer, filled);
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}

async function openThroughNbd({
  path,
  ...options
}: {
  readonly path: string;
  readonly format: DiskImageFormat;
  readonly withHoles?: boolean;
  readonly signal?: AbortSignal;
}): Promise<Disk> {
  const vhd = options.format === 'vhd' ? await readHeader(path) : undefined;
  return openServed({ ...options, file: { path }, vhd });
}

/**
 * Opens the content of a disk image that is nowhere as a file: qemu-nbd reads it from this process.
 *
 * @throws as {@link openDisk}
 */
export async function openDiskOf({
  bytes,
  ...options
}: {
  /** Of the image's file. */
  readonly bytes: ServedSource;
  readonly format: Exclude<DiskImageFormat, 'raw'>;
  readonly signal?: AbortSignal;
}): Promise<Disk> {
  const vhd = options.format === 'vhd' ? await readImageHeader(bytes) : undefined;
  const served = await serveBytes(bytes);
  try {
    const disk = await openServed({ ...options, file: served, vhd });
    return {
      ...disk,
      async [Symbol.asyncDispose]() {
        await disk[Symbol.asyncDispose]();
        await served[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await served[Symbol.asyncDispose]();
    throw error;
  }
}

async function openServed({
  vhd,
  ...options
}: {
  readonly file: ImagePlace;
  readonly format: DiskImageFormat;
  /** The header of one. */
  readonly vhd: ImageHeader | undefined;
  readonly withHoles?: boolean;
  readonly signal?: AbortSignal;
}): Promise<Disk> {
  const server = await startQemuNbd({ ...options, vhdSizeRule: vhd?.vhdSizeRule });
  try {
    const { withHoles, signal } = options;
    const client = await connectNbdTwice({
      socketPath: server.socketPath,
      withAllocation: withHoles,
      signal,
    });
    await server.hide();
    if (vhd && client.sizeBytes !== vhd.virtualSize)
      throw nbdFailed(`a disk of ${client.sizeBytes} bytes, but the VHD declares ${vhd.virtualSize}`);
    let reason: Promise<unknown> | undefined;
    /** Where qemu-nbd closes the connection, it says why on its standard error alone. */
    const whyUnread = async (error: unknown): Promise<unknown> => {
      const said = (await server.whyClosed()) ?? error;
      const isUnreadable = isExplained(said) && said.code === 'DATA_UNREADABLE';
      const { file } = options;
      return (isUnreadable && 'path' in file && (await findUnreadable(file.path, { signal }))) || said;
    };
    const read = async <T>(reading: Promise<T>): Promise<T> => {
      try {
        return await reading;
      } catch (error) {
        if (signal?.aborted) throw error;
        client.close();
        reason ??= whyUnread(error);
        throw await reason;
      }
    };
    return {
      sizeBytes: client.sizeBytes,
      extents: ({ signal }) =>
        inSteps(client.sizeBytes, (...range) => read(client.dataExtents(...range)), signal),
      holes: ({ signal }) =>
        inSteps(client.sizeBytes, (...range) => read(client.unallocatedExtents(...range)), signal),
      readInto: (buffer, offset) => read(client.readInto(buffer, offset)),
      async [Symbol.asyncDispose]() {
        client.close();
        await server[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    const reason = options.signal?.aborted ? undefined : await server.whyEnded();
    await server[Symbol.asyncDispose]();
    throw reason ?? error;
  }
}

async function* inSteps(
  sizeBytes: number,
  extentsOf: (offset: number, length: number) => Promise<Extent[]>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Extent> {
  for (let offset = 0; offset < sizeBytes; offset += mapStepBytes) {
    signal?.throwIfAborted();
    yield* await extentsOf(offset, Math.min(mapStepBytes, sizeBytes - offset));
  }
}

async function readHeader(path: string): Promise<ImageHeader> {
  const file = await open(path, 'r');
  try {
    return await readImageHeader(fileSource(file, (await file.stat()).size));
  } finally {
    await file.close();
  }
}

/** Requested at a time: a request's length has 32 bits. */
const mapStepBytes = 1024 ** 3;

function shortRead(path: string, offset: number): DiskBlocksError {
  return new DiskBlocksError(
    'DISK_CHANGED',
    `${path} ends at byte ${offset}, earlier than when it was opened`,
    {
      hint: 'Make sure nothing writes to the disk while it is read, then run the same command again.',
      facts: { path, offset },
    },
  );
}
