import type { Extent, Filled, ImageReader } from '@ec2-image/disk-blocks';
import type { DiskLayout, DiskPiece, Literal, Piece } from './layout.ts';

export interface FillRangeOptions {
  readonly layout: DiskLayout;
  readonly reader: ImageReader;
  /** Of the planned file, in bytes. */
  readonly range: Extent;
  /** At least as long as the range; shared with a worker thread until it is given back. */
  readonly buffer: SharedArrayBuffer;
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
  const data = Buffer.from(buffer, 0, length);
  const stretches: DiskPiece[] = [];
  let end = 0;
  for (const piece of layout.pieces(range)) {
    data.fill(0, end, piece.at);
    end = piece.at + lengthOf(piece);
    if (isLiteral(piece)) data.set(piece.bytes, piece.at);
    else stretches.push(piece);
  }
  data.fill(0, end);
  if (stretches.length === 0 && !crc32) return { buffer, data };
  return reader.fill({ length, buffer, stretches, crc32, signal });
}

/** In bytes. */
export function lengthOf(piece: Piece): number {
  return isLiteral(piece) ? piece.bytes.length : piece.length;
}

export function isLiteral(piece: Piece): piece is Literal {
  return 'bytes' in piece;
}
