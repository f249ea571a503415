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
  let last: { kind: Kind; end: number; fileEnd: number } | undefined;
  return {
    push({ kind, at, length, fileOffset, fileLength, skip }: Piece): void {
      const continues =
        last?.kind === kind && last.end === at && (kind === kinds.zero || last.fileEnd === fileOffset);
      if (last && continues && (kind === kinds.zero || kind === kinds.plain)) {
        rows[rows.length - columns + 2]! += length;
        rows[rows.length - columns + 4]! += fileLength;
      } else rows.push(kind, at, length, fileOffset, fileLength, skip);
      last = { kind, end: at + length, fileEnd: fileOffset + fileLength };
    },
    rows: (): Float64Array<ArrayBuffer> => Float64Array.from(rows),
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
