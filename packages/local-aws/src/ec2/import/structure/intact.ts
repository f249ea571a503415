import type { ByteSource } from '@ec2-image/image-headers';
import { validationFailure } from '../import-failure.ts';

/** The formats that have structures of their own. */
export type StructuredFormat = 'VHD' | 'VHDX' | 'VMDK';

/** @throws ImportFailure where it does not hold */
export function requireIntact(format: StructuredFormat, holds: boolean): asserts holds {
  if (!holds) throw validationFailure(`The ${format} disk is damaged`);
}

/** A part of a file, in bytes. */
export interface Stretch {
  readonly offset: number;
  readonly length: number;
}

export function isWithin({ offset, length }: Stretch, sizeBytes: number): boolean {
  return offset >= 0 && length >= 0 && offset + length <= sizeBytes;
}

/**
 * All bytes of a stretch.
 *
 * @throws ImportFailure where the file does not have them
 */
export async function readStretch(
  disk: ByteSource,
  format: StructuredFormat,
  stretch: Stretch,
): Promise<Buffer> {
  requireIntact(format, isWithin(stretch, disk.size));
  const bytes = await disk.read(stretch.offset, stretch.length);
  requireIntact(format, bytes.length === stretch.length);
  return bytes;
}

const chunkBytes = 1024 ** 2;

/** The bytes of a stretch in chunks of 1 MiB, for a table that may be large. */
export async function* readInChunks(
  disk: ByteSource,
  format: StructuredFormat,
  { offset, length }: Stretch,
): AsyncGenerator<Buffer> {
  for (let at = 0; at < length; at += chunkBytes) {
    const wanted = Math.min(chunkBytes, length - at);
    yield await readStretch(disk, format, { offset: offset + at, length: wanted });
  }
}

/** Blocks of one length. */
export interface Blocks {
  readonly starts: readonly number[];
  readonly length: number;
}

/** Whether no two of them share a byte. */
export function areApart(stretches: readonly Stretch[], blocks: Blocks = { starts: [], length: 0 }): boolean {
  const starts = Float64Array.from(blocks.starts).sort();
  for (let i = 1; i < starts.length; i++) if (starts[i]! - starts[i - 1]! < blocks.length) return false;
  const inOrder = [...stretches].sort((a, b) => a.offset - b.offset);
  let [end, next] = [0, 0];
  for (const { offset, length } of inOrder) {
    if (offset < end) return false;
    end = offset + length;
    while (next < starts.length && starts[next]! + blocks.length <= offset) next += 1;
    if (next < starts.length && starts[next]! < end) return false;
  }
  return true;
}
