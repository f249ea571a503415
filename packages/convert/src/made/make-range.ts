import { crc32Text } from '@ec2-image/checksum';
import type { ImageReader } from '@ec2-image/disk-blocks';
import type { DiskLayout } from '../layout/layout.ts';

/** A range of the file, in bytes: `end` is the first one behind it. */
export interface FileRange {
  readonly start: number;
  readonly end: number;
}

/** Bytes of the file with their CRC32 (base64), in memory that is given back with them. */
export interface MadeRange {
  readonly buffer: ArrayBuffer;
  readonly bytes: Buffer;
  readonly checksum: string;
}

export type MakeRange = (
  range: FileRange,
  options: { readonly buffer: ArrayBuffer; readonly signal?: AbortSignal },
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
    const length = end - start;
    const view = new Uint8Array(buffer, 0, length).fill(0);
    const stretches = [];
    for (const piece of layout.pieces({ offset: start, length })) {
      if ('bytes' in piece) view.set(piece.bytes, piece.at);
      else stretches.push(piece);
    }
    const filled = await reader.fill({ length, buffer, stretches, crc32: true, signal });
    return { buffer: filled.buffer, bytes: filled.data, checksum: crc32Text(filled.crc32!) };
  };
}
