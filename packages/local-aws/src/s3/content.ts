import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { Blobs } from '../store/blobs.ts';

/** A file, or nothing, that makes up so many bytes of a content. */
export interface Extent {
  readonly blob: string | null;
  readonly size: number;
}

const readBytes = 1024 * 1024;

/** The bytes of files, one after the other, from an offset on. The files stay until the stream is closed. */
export function readContent(
  blobs: Blobs,
  { extents, first, length }: { extents: readonly Extent[]; first: number; length: number },
): Readable {
  const pieces = cutExtents(extents, first, length);
  const release = blobs.hold(pieces.map(({ blob }) => blob));
  const stream =
    pieces.length === 1 && pieces[0]
      ? readPiece(blobs, pieces[0])
      : Readable.from(readPieces(blobs, pieces), { objectMode: false });
  stream.once('close', release);
  return stream;
}

interface Piece {
  readonly blob: string;
  readonly start: number;
  /** Included. */
  readonly end: number;
}

export function cutExtents(extents: readonly Extent[], first: number, length: number): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const { blob, size } of extents) {
    const start = Math.max(first - at, 0);
    const end = Math.min(first + length - at, size) - 1;
    if (blob && start <= end) pieces.push({ blob, start, end });
    at += size;
  }
  return pieces;
}

function readPiece(blobs: Blobs, { blob, start, end }: Piece): Readable {
  return createReadStream(blobs.path(blob), { start, end, highWaterMark: readBytes });
}

async function* readPieces(blobs: Blobs, pieces: readonly Piece[]): AsyncGenerator<Buffer> {
  for (const piece of pieces) yield* readPiece(blobs, piece);
}
