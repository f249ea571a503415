import type { Extent, Filled, ImageReader } from '@ec2-image/disk-blocks';
import type { DiskLayout, DiskPiece, Literal, Piece } from './layout.ts';

export interface FillRangeOptions {
  readonly layout: DiskLayout;
  readonly reader: ImageReader;
  /** Of the planned file, in bytes. */
  readonly range: Extent;
  /** At least as long as the range; transferred, and given back. */
  readonly buffer: ArrayBuffer;
  /** Whether the CRC32 of the range is wanted. Default false. */
  readonly crc32?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Makes a range of the planned file: the plan's own bytes, the disk's as the reader reads them, and zeros elsewhere.
 *
 * @throws DiskBlocksError
 */
export async function fillRange(options: FillRangeOptions): Promise<Filled> {
  const { layout, reader, range, buffer, crc32 = false, signal } = options;
  const { length } = range;
  const data = Buffer.from(buffer, 0, length).fill(0);
  const stretches: DiskPiece[] = [];
  for (const piece of layout.pieces(range)) {
    if (isLiteral(piece)) data.set(piece.bytes, piece.at);
    else stretches.push(piece);
  }
  if (stretches.length === 0 && !crc32) return { buffer, data };
  return reader.fill({ length, buffer, stretches, crc32, signal });
}

export function isLiteral(piece: Piece): piece is Literal {
  return 'bytes' in piece;
}
