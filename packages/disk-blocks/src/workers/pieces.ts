/**
 * Where the bytes of a buffer come from, as a worker is told it: rows of numbers, all in bytes.
 * `zero` needs no file; `plain` bytes lie in it as they are; of a `deflate` or `zstd` cluster, `fileLength` bytes are
 * decompressed and `length` bytes from `skip` on are used.
 */
export const kinds = { zero: 0, plain: 1, deflate: 2, zstd: 3 } as const;
export type Kind = (typeof kinds)[keyof typeof kinds];

export interface Piece {
  readonly kind: Kind;
  /** Where in the buffer. */
  readonly at: number;
  readonly length: number;
  readonly fileOffset: number;
  readonly fileLength: number;
  readonly skip: number;
}

const columns = 6;

/** Collects pieces; what continues the one before, in buffer and file, is merged with it. */
export function createPieceList() {
  const rows: number[] = [];
  return {
    /** The columns of {@link Piece}, in its order: one object for each would be most of what a thread or the main one allocates. */
    push(kind: Kind, at: number, length: number, fileOffset: number, fileLength: number, skip: number): void {
      const last = rows.length - columns;
      const continues =
        last >= 0 &&
        rows[last] === kind &&
        rows[last + 1]! + rows[last + 2]! === at &&
        (kind === kinds.zero || (kind === kinds.plain && rows[last + 3]! + rows[last + 4]! === fileOffset));
      if (continues) {
        rows[last + 2]! += length;
        rows[last + 4]! += fileLength;
      } else rows.push(kind, at, length, fileOffset, fileLength, skip);
    },
    rows: (): Float64Array<ArrayBuffer> => new Float64Array(rows),
  };
}

export function pieceCount(rows: Float64Array): number {
  return rows.length / columns;
}

export function pieceAt(rows: Float64Array, index: number): Piece {
  const row = index * columns;
  return {
    kind: rows[row] as Kind,
    at: rows[row + 1]!,
    length: rows[row + 2]!,
    fileOffset: rows[row + 3]!,
    fileLength: rows[row + 4]!,
    skip: rows[row + 5]!,
  };
}
