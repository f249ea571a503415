import { createHash } from 'node:crypto';
import { blockBytes } from '../ec2/snapshots/blocks.ts';

/** SHA-256 of a block of zeros. */
export const zeroDigest: Buffer = createHash('sha256').update(Buffer.alloc(blockBytes)).digest();
