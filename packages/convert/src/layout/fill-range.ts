import { type Extent, type Filled, fillWithZeros, type ImageReader } from '@ec2-image/disk-blocks';
import type { DiskLayout, DiskPiece, Literal, Piece } from './layout.ts';

export interface FillRangeOptions {
  readonly layout: DiskLayout;
  readonly reader: ImageReader;
  /** Of the planned file, in bytes. */
  readonly range: Extent;
  /** At least as long as the range; shared with a worker thread until it is given back. */
  readonly buffer: SharedArrayBuffer;
  readonly signal?: AbortSignal;
}

/**
 * Makes a range of the planned file, with its CRC32: the plan's own bytes, the disk's as the reader reads them, and zeros elsewhere.
 *
 * @throws DiskBlocksError
 */
export async function fillRange(options: FillRangeOptions): Promise<Filled> {
  const { layout, reader, range, buffer, signal } = options;
  const { length } = range;
  const data = Buffer.from(buffer, 0, length);
  const stretches: DiskPiece[] = [];
  let end = 0;
  for (const piece of layout.pieces(range)) {
    fillWithZeros(data, end, piece.at);
    end = piece.at + lengthOf(piece);
    if (isLiteral(piece)) data.set(piece.bytes, piece.at);
    else stretches.push(piece);
  }
  fillWithZeros(data, end);
  return reader.fill({ length, buffer, stretches, crc32: true, signal });
}

/** In bytes. */
function lengthOf(piece: Piece): number {
  return isLiteral(piece) ? piece.bytes.length : piece.length;
}

export function isLiteral(piece: Piece): piece is Literal {
  return 'bytes' in piece;
}
