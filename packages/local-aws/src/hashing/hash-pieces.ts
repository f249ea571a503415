import type { FileHandle } from 'node:fs/promises';
import { openBodyDigest } from './body-digest.ts';
import type { Digests, WantedDigests } from './digester.ts';
import { givePiece, type Piece, takePiece } from './pieces.ts';

export interface HashPiecesOptions {
  readonly wanted: WantedDigests;
  /** What the body is said to have. */
  readonly sizeBytes: number;
  /** Where the body goes; opened for its first piece. Default: nowhere. */
  readonly file?: () => Promise<FileHandle>;
  /** Each piece in its turn; its memory serves another afterwards. */
  readonly onPiece?: (piece: Buffer) => void;
  /** Hears how many bytes there are so far; what it throws ends the rest. */
  readonly onBytes?: (sizeBytes: number) => void;
}

/**
 * Hashes a body in pieces of a megabyte, and writes it to a file. At most two pieces are in memory: one being filled, one being
 * hashed and written.
 */
export async function hashPieces(
  chunks: AsyncIterable<Buffer>,
  { wanted, sizeBytes: declaredBytes, file, onPiece, onBytes }: HashPiecesOptions,
): Promise<{ readonly sizeBytes: number; readonly digests: Digests }> {
  const digest = openBodyDigest(wanted, declaredBytes);
  let sizeBytes = 0;
  let filled = 0;
  let piece: Piece | undefined;
  let handedOver = Promise.resolve();
  const handOver = async (): Promise<void> => {
    const whole = piece!.subarray(0, filled) as Piece;
    piece = undefined;
    filled = 0;
    onPiece?.(whole);
    try {
      await digest.update(whole, await file?.());
    } finally {
      givePiece(whole);
    }
  };
  try {
    for await (const chunk of chunks) {
      sizeBytes += chunk.length;
      onBytes?.(sizeBytes);
      for (let from = 0; from < chunk.length; ) {
        piece ??= takePiece(Math.max(declaredBytes, chunk.length));
        const copied = chunk.copy(piece, filled, from);
        from += copied;
        filled += copied;
        if (filled < piece.length) continue;
        await handedOver;
        handedOver = handOver();
        // Checked when the next piece is full; until then an early failure must not count as unhandled.
        handedOver.catch(() => {});
      }
    }
    await handedOver;
    if (piece) await handOver();
    return { sizeBytes, digests: await digest.digests() };
  } catch (error) {
    if (piece) givePiece(piece);
    await handedOver.catch(() => {});
    digest.giveUp();
    throw error;
  }
}
