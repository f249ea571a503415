import { open } from 'node:fs/promises';
import { startConfined } from '@ec2-image/confined-process';
import { fileSource, type ImageHeader, readImageHeader } from '@ec2-image/image-headers';
import type { Disk, Extent } from './disk.ts';
import { DiskBlocksError, nbdFailed } from './errors.ts';
import { connectNbd } from './nbd/client.ts';
import { type DiskImageFormat, startQemuNbd } from './nbd/qemu-nbd.ts';
import { qemuLimits } from './qemu-limits.ts';

/**
 * Opens the content of a disk image for reading: a raw one as the file it is, any other through qemu-nbd, so that no
 * raw copy is needed. Holes cost nothing either way. Check the header before.
 *
 * @throws DiskBlocksError `QEMU_NBD_MISSING`, `QEMU_NBD_FAILED`, `NBD_FAILED`; ImageHeaderError of a VHD that has changed since
 */
export async function openDisk(options: {
  readonly path: string;
  readonly format: DiskImageFormat;
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
    async readInto(buffer, offset) {
      let filled = 0;
      while (filled < buffer.length) {
        const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      if (filled < Math.min(buffer.length, sizeBytes - offset)) throw shortRead(path, offset + filled);
      buffer.fill(0, filled);
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** The file system's own map of the file, as qemu-img reads it; the whole file where there is no map. */
async function* fileExtents({
  path,
  sizeBytes,
  signal,
}: {
  readonly path: string;
  readonly sizeBytes: number;
  readonly signal?: AbortSignal;
}): AsyncGenerator<Extent> {
  const map = await readMap(path, signal);
  if (map === undefined) {
    yield { offset: 0, length: sizeBytes };
    return;
  }
  for (const { start, length, zero } of map) if (!zero) yield { offset: start, length };
}

interface MappedRun {
  readonly start: number;
  readonly length: number;
  readonly zero: boolean;
}

async function readMap(path: string, signal: AbortSignal | undefined): Promise<MappedRun[] | undefined> {
  const program = await startConfined({
    name: 'qemu-img',
    args: [
      'map',
      '--output=json',
      '--image-opts',
      `driver=raw,file.driver=file,file.filename=${path.replaceAll(',', ',,')}`,
    ],
    limits: qemuLimits,
    signal,
  });
  if (!program) return undefined;
  program.stdin.end();
  let json = '';
  for await (const piece of program.stdout.setEncoding('utf8')) {
    json += piece as string;
    if (json.length > maxMapBytes) {
      program.stop();
      return undefined;
    }
  }
  const { exitCode } = await program.ended;
  return exitCode === 0 ? (JSON.parse(json) as MappedRun[]) : undefined;
}

/** Some 100 bytes a run: enough for a badly fragmented file; one beyond that is read whole. */
const maxMapBytes = 32 * 1024 * 1024;

async function openThroughNbd(options: {
  readonly path: string;
  readonly format: DiskImageFormat;
  readonly signal?: AbortSignal;
}): Promise<Disk> {
  const vhd = options.format === 'vhd' ? await readHeader(options.path) : undefined;
  const server = await startQemuNbd({ ...options, vhdSizeRule: vhd?.vhdSizeRule });
  try {
    const client = await connectNbd({ socketPath: server.socketPath, signal: options.signal });
    await server.hide();
    if (vhd && client.sizeBytes !== vhd.virtualSize)
      throw nbdFailed(`a disk of ${client.sizeBytes} bytes, but the VHD declares ${vhd.virtualSize}`);
    return {
      sizeBytes: client.sizeBytes,
      async *extents({ signal }) {
        for (let offset = 0; offset < client.sizeBytes; offset += mapStepBytes) {
          signal?.throwIfAborted();
          yield* await client.dataExtents(offset, Math.min(mapStepBytes, client.sizeBytes - offset));
        }
      },
      readInto: client.readInto,
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
