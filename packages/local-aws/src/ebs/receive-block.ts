import { blockBytes } from '../ec2/snapshots/blocks.ts';
import { digestPiece } from '../hashing/body-digest.ts';
import { givePiece, type Piece, takePiece } from '../hashing/pieces.ts';
import { isZero } from '../payload.ts';
import type { ServiceRequest } from '../service.ts';
import { validation } from './errors.ts';
import { zeroBlock, zeroDigest } from './zero-block.ts';

export interface ReceivedBlock {
  /** A whole block, until it is released. Not to be written to. */
  readonly data: Buffer;
  /** SHA-256. */
  readonly checksum: Buffer;
  release(): void;
}

/**
 * Takes in a block, of which most are zeros: these take no memory, and are not hashed.
 *
 * @throws ServiceError for a body of another length
 */
export async function receiveBlock({ body, payload }: ServiceRequest): Promise<ReceivedBlock> {
  let piece: Piece | undefined;
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      if (length + chunk.length > blockBytes) throw wrongLength('more');
      if (!piece && !isZero(chunk)) {
        piece = takePiece(blockBytes);
        // By `fill`, shared memory is cleared byte by byte.
        zeroBlock.copy(piece, 0, 0, length);
      }
      if (piece) chunk.copy(piece, length);
      length += chunk.length;
    }
    if (length < blockBytes) throw wrongLength(length);
    if (!piece) return { data: zeroBlock, checksum: zeroDigest, release() {} };
    const data = piece;
    const checksum = payload?.sha256 ?? (await digestPiece({ sha256: true }, data)).sha256!;
    return { data, checksum: Buffer.from(checksum), release: () => givePiece(data) };
  } catch (error) {
    // A thread that failed reads it no more.
    if (piece) givePiece(piece);
    throw error;
  }
}

function wrongLength(length: number | 'more') {
  return validation('INVALID_BLOCK', `A block has ${blockBytes} bytes, not ${length}`);
}
