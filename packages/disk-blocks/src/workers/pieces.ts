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

/**
 * Collects pieces, each behind the last one in the buffer, or where `moveTo` says. What continues the one before, in buffer and
 * file, is merged with it. No piece has an object of its own: these would be most of what a thread or the main one allocates.
 */
export interface PieceList {
  /** Where in the buffer the next piece begins; the first at 0. */
  moveTo(at: number): void;
  zeros(length: number): void;
  plain(fileOffset: number, length: number): void;
  /** Of the content of a compressed cluster, `length` bytes from `skip` on. */
  compressed(cluster: Pick<Piece, 'kind' | 'fileOffset' | 'fileLength'>, skip: number, length: number): void;
  rows(): Float64Array<ArrayBuffer>;
}

export function createPieceList(): PieceList {
  const rows: number[] = [];
  let at = 0;

  function continuesLast(kind: Kind, fileOffset: number): boolean {
    const last = rows.length - columns;
    return (
      last >= 0 &&
      rows[last] === kind &&
      rows[last + 1]! + rows[last + 2]! === at &&
      rows[last + 3]! + rows[last + 4]! === fileOffset
    );
  }

  function lengthenLast(length: number, fileLength: number): void {
    const last = rows.length - columns;
    rows[last + 2]! += length;
    rows[last + 4]! += fileLength;
  }

  return {
    moveTo(to) {
      at = to;
    },
    zeros(length) {
      if (continuesLast(kinds.zero, 0)) lengthenLast(length, 0);
      else rows.push(kinds.zero, at, length, 0, 0, 0);
      at += length;
    },
    plain(fileOffset, length) {
      if (continuesLast(kinds.plain, fileOffset)) lengthenLast(length, length);
      else rows.push(kinds.plain, at, length, fileOffset, length, 0);
      at += length;
    },
    compressed({ kind, fileOffset, fileLength }, skip, length) {
      rows.push(kind, at, length, fileOffset, fileLength, skip);
      at += length;
    },
    rows: () => new Float64Array(rows),
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
