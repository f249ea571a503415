import { crc32Text } from '@ec2-image/checksum';
import type { ImageReader } from '@ec2-image/disk-blocks';
import { fillRange, isLiteral } from '../layout/fill-range.ts';
import type { DiskLayout, DiskPiece } from '../layout/layout.ts';

/** A range of the file, in bytes: `end` is the first one behind it. */
export interface FileRange {
  readonly start: number;
  readonly end: number;
}

/** Bytes of the file with their CRC32 (base64), in memory that is given back with them. */
export interface MadeRange {
  readonly buffer: SharedArrayBuffer;
  readonly bytes: Buffer;
  readonly checksum: string;
}

export type MakeRange = (
  range: FileRange,
  options: { readonly buffer: SharedArrayBuffer; readonly signal?: AbortSignal },
) => Promise<MadeRange>;

/** Makes ranges of the planned file from what the reader reads. */
export function rangeMaker({
  layout,
  reader,
}: {
  readonly layout: DiskLayout;
  readonly reader: ImageReader;
}): MakeRange {
  return async ({ start, end }, { buffer, signal }) => {
    const range = { offset: start, length: end - start };
    const filled = await fillRange({ layout, reader, range, buffer, signal });
    return { buffer: filled.buffer, bytes: filled.data, checksum: crc32Text(filled.crc32!) };
  };
}

/** Waits until the image has arrived as far as ranges of the planned file need it. */
export function rangeWaiter({
  layout,
  reader,
}: {
  readonly layout: DiskLayout;
  readonly reader: ImageReader;
}): (range: FileRange, options: { readonly signal?: AbortSignal }) => Promise<void> {
  return async ({ start, end }, { signal }) => {
    const pieces = [...layout.pieces({ offset: start, length: end - start })];
    const stretches = pieces.filter((piece): piece is DiskPiece => !isLiteral(piece));
    await reader.arrived(stretches, { signal });
  };
}
