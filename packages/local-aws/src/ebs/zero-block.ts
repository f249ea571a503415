import { createHash } from 'node:crypto';
import { blockBytes } from '../ec2/snapshots/blocks.ts';

/** Not to be written to. */
export const zeroBlock: Buffer = Buffer.alloc(blockBytes);

/** SHA-256 of a block of zeros. */
export const zeroDigest: Buffer = createHash('sha256').update(zeroBlock).digest();
