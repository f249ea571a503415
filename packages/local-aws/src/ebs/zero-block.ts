import { createHash } from 'node:crypto';
import { blockBytes } from '../ec2/snapshots/blocks.ts';

const zeros = Buffer.alloc(blockBytes);

/** SHA-256 of a block of zeros. */
export const zeroDigest: Buffer = createHash('sha256').update(zeros).digest();

/** Whether a block, or a piece of one, is all zeros: a fiftieth of what hashing it costs. */
export function isZero(data: Buffer): boolean {
  return data.equals(data.length === blockBytes ? zeros : zeros.subarray(0, data.length));
}
