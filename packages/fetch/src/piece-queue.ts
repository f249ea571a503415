import { type Extent, extentBytes } from './extents.ts';

/** A piece is one request. Large enough that its round trip does not show, small enough that the last ones end together. */
const maxPieceBytes = 16 * 2 ** 20;
const minPieceBytes = 2 ** 20;

export interface PieceQueue {
  /** The next piece, from the front; undefined when nothing is left. */
  take(): Extent | undefined;
  /** What of a piece was not received. */
  giveBack(rest: Extent): void;
}

/**
 * Hands out what is missing, front first, so that the hash can follow closely. One connection takes every gap whole.
 * Several take pieces of what is left divided by twice their number: they shrink towards the end, and no connection
 * is left alone with a long last piece.
 */
export function pieceQueue({
  missing,
  connections,
}: {
  readonly missing: readonly Extent[];
  readonly connections: number;
}): PieceQueue {
  const gaps = [...missing];
  return {
    take() {
      const gap = gaps.shift();
      if (!gap || connections === 1) return gap;
      const left = extentBytes(gaps) + gap.end - gap.start;
      // Of a file whose size nobody knows yet the first piece has to be small: it is what will tell.
      const share = Number.isFinite(left) ? Math.ceil(left / (2 * connections)) : minPieceBytes;
      const end = Math.min(gap.end, gap.start + Math.min(maxPieceBytes, Math.max(minPieceBytes, share)));
      if (end < gap.end) gaps.unshift({ start: end, end: gap.end });
      return { start: gap.start, end };
    },
    giveBack(rest) {
      if (rest.start >= rest.end) return;
      const index = gaps.findIndex(({ start }) => start > rest.start);
      gaps.splice(index === -1 ? gaps.length : index, 0, rest);
    },
  };
}
