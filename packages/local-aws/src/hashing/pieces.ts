/** Of a body, in memory that threads share. */
export type Piece = Buffer<SharedArrayBuffer>;

/** Writing a piece, and hashing it, costs a trip to another thread each: worth it for a megabyte, not for the 64 KiB that a socket gives at a time. */
export const pieceBytes = 1024 * 1024;

/** Memory for less than this is not worth keeping. */
const leastKeptBytes = 64 * 1024;
const mostKept = 16;
const free: SharedArrayBuffer[] = [];

/** As long as asked for, and at most {@link pieceBytes}; with whatever was in it. */
export function takePiece(length = pieceBytes): Piece {
  if (length < leastKeptBytes) return Buffer.from(new SharedArrayBuffer(length));
  return Buffer.from(free.pop() ?? new SharedArrayBuffer(pieceBytes), 0, Math.min(length, pieceBytes));
}

/** For the next body: nobody reads it any more. Once. */
export function givePiece({ buffer }: Piece): void {
  if (buffer.byteLength === pieceBytes && free.length < mostKept) free.push(buffer);
}
