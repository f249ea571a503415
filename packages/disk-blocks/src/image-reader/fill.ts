import type { FileHandle } from 'node:fs/promises';
import type { DiskMap } from '../disk-map.ts';
import { DiskBlocksError } from '../errors.ts';
import { digestBytes } from '../workers/block-digests.ts';
import type { Fault, FillResult } from '../workers/jobs.ts';
import { kinds, pieceAt, pieceCount } from '../workers/pieces.ts';
import type { WorkerPool } from '../workers/pool.ts';
import type { GrowingFile } from './growing-source.ts';
import type { FileRange, Filled, FillOptions } from './image-reader.ts';

export interface Image {
  readonly path: string;
  readonly file: FileHandle;
  readonly map: DiskMap;
  readonly run: WorkerPool['run'];
  readonly growing?: Pick<GrowingFile, 'arrived' | 'hurry'>;
}

export function createFill(image: Image): (options: FillOptions) => Promise<Filled> {
  return async ({ length, stretches, crc32 = false, sha256 = false, signal, ...options }) => {
    const buffer = options.buffer ?? new SharedArrayBuffer(length);
    if (buffer.byteLength < length)
      throw new RangeError(`a buffer of ${buffer.byteLength} bytes for ${length}`);
    for (const stretch of stretches) requireWithin(stretch, { length, sizeBytes: image.map.sizeBytes });
    const pieces = await image.map.locate(stretches, { signal });
    await arrivalOf(image, pieces, signal);
    const { fd } = image.file;
    const { result, fault } = await image.run(
      { kind: 'fill', fd, clusterSize: image.map.clusterSize, buffer, length, pieces, crc32, sha256 },
      { transfer: [pieces.buffer], signal },
    );
    if (fault) throw errorOf(fault, image.path);
    return filledOf(result, { buffer, length });
  };
}

function requireWithin(
  { at, offset, length: stretch }: FillOptions['stretches'][number],
  { length, sizeBytes }: { readonly length: number; readonly sizeBytes: number },
): void {
  const isWithin =
    at >= 0 && offset >= 0 && stretch >= 0 && at + stretch <= length && offset + stretch <= sizeBytes;
  if (!isWithin || offset % 512 !== 0 || stretch % 512 !== 0 || !Number.isInteger(at))
    throw new RangeError(`${stretch} bytes from byte ${offset} of the disk at ${at} of ${length}`);
}

/** Waits until what the pieces need of a growing file has been written. */
export async function arrivalOf(image: Image, pieces: Float64Array, signal?: AbortSignal): Promise<void> {
  if (!image.growing) return;
  for (const range of rangesOf(pieces)) await image.growing.arrived(range, signal);
}

/** Has what the pieces need of a growing file fetched out of turn. */
export function hurryFor({ hurry }: Pick<GrowingFile, 'hurry'>, pieces: Float64Array): void {
  if (hurry) for (const range of rangesOf(pieces)) hurry(range);
}

/** What of the file is needed, in the order of the buffer, neighbours merged. */
function* rangesOf(pieces: Float64Array): Generator<FileRange> {
  let open: { offset: number; end: number } | undefined;
  for (let index = 0; index < pieceCount(pieces); index++) {
    const { kind, fileOffset, fileLength } = pieceAt(pieces, index);
    if (kind === kinds.zero) continue;
    const end = fileOffset + fileLength;
    if (open && fileOffset >= open.offset && fileOffset <= open.end) open.end = Math.max(open.end, end);
    else {
      if (open) yield { offset: open.offset, length: open.end - open.offset };
      open = { offset: fileOffset, end };
    }
  }
  if (open) yield { offset: open.offset, length: open.end - open.offset };
}

function filledOf(
  { crc32, digests }: FillResult,
  { buffer, length }: { readonly buffer: SharedArrayBuffer; readonly length: number },
): Filled {
  return {
    buffer,
    data: Buffer.from(buffer, 0, length),
    crc32,
    digests:
      digests &&
      Array.from({ length: digests.length / digestBytes }, (_, index) =>
        Buffer.from(digests.buffer, index * digestBytes, digestBytes),
      ),
  };
}

export function errorOf({ kind, message, fileOffset }: Fault, path: string): DiskBlocksError {
  const facts = { path, fileOffset };
  if (kind === 'damaged')
    return new DiskBlocksError('DAMAGED_CLUSTER', message, {
      hint: 'Download the image again and compare its checksum with the published one.',
      facts,
    });
  if (kind === 'short')
    return new DiskBlocksError('DISK_CHANGED', `${path}: ${message}, earlier than when it was opened`, {
      hint: 'Make sure nothing writes to the image while it is read, then run the same command again.',
      facts,
    });
  return new DiskBlocksError('LOCAL_FAILURE', `${path} cannot be read: ${message}`, {
    hint: 'Check the disk and the file system of this machine.',
    facts,
  });
}
