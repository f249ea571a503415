import type { FileHandle } from 'node:fs/promises';
import { createDigester, type Digests, type WantedDigests } from './digester.ts';
import { hashAndWrite } from './hash-and-write.ts';
import type { Piece } from './pieces.ts';
import { leastBusyThread, mayBeHashedHere } from './threads.ts';

/** The digests of a body that comes piece by piece. */
export interface BodyDigest {
  /**
   * Resolves once the piece has been read, and written behind what the file has: until then it stays as it is. One after the
   * other.
   */
  update(piece: Piece, file?: FileHandle): Promise<void>;
  /** Once, of all that `update` was given. */
  digests(): Promise<Digests>;
  /** Nobody will ask for them. Without effect after `digests`. */
  giveUp(): void;
}

/** @param sizeBytes what the body is said to have: a long one is hashed in a thread */
export function openBodyDigest(wanted: WantedDigests, sizeBytes: number): BodyDigest {
  return mayBeHashedHere(sizeBytes) ? hashHere(wanted) : hashInThread(wanted);
}

/** Of a body of one piece. */
export async function digestPiece(wanted: WantedDigests, piece: Piece): Promise<Digests> {
  if (!mayBeHashedHere(piece.length)) {
    const digests = await leastBusyThread()
      .open(wanted)
      .send({ piece: { buffer: piece.buffer, length: piece.length }, isLast: true });
    return digests!;
  }
  const digester = createDigester(wanted);
  digester.update(piece);
  return digester.digests();
}

function hashHere(wanted: WantedDigests): BodyDigest {
  const digester = createDigester(wanted);
  return {
    async update(piece, file) {
      hashAndWrite(digester, piece, file?.fd);
    },
    digests: async () => digester.digests(),
    giveUp() {},
  };
}

function hashInThread(wanted: WantedDigests): BodyDigest {
  const body = leastBusyThread().open(wanted);
  return {
    async update({ buffer, length }, file) {
      await body.send({ piece: { buffer, length }, ...(file && { fd: file.fd }) });
    },
    digests: async () => (await body.send({ isLast: true }))!,
    giveUp: () => body.giveUp(),
  };
}
