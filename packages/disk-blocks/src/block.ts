import { hash } from 'node:crypto';

/** EBS direct's one block size (StartSnapshot, `BlockSize`). */
export const blockSizeBytes = 524_288;

/** Shared by every block that is all zeros. Not to be written to. */
export const zeroBlock = Buffer.alloc(blockSizeBytes);

/** A piece of the disk that is not all zeros. */
export interface Block {
  /** Offset in the disk, in blocks. */
  readonly index: number;
  /** Exactly a block long: the disk's end is padded with zeros. */
  readonly data: Buffer;
  /** Gives the buffer back to be filled again. Who never calls it keeps the data. */
  release(): void;
}

/** Buffers of one block that are used again: half a MiB fresh from the system for every block costs more than sending it. */
export interface BlockPool {
  take(): Buffer;
  give(buffer: Buffer): void;
}

export function createBlockPool(): BlockPool {
  const free: Buffer[] = [];
  return {
    take: () => free.pop() ?? Buffer.allocUnsafeSlow(blockSizeBytes),
    give: (buffer) => void free.push(buffer),
  };
}

export function blockCount(sizeBytes: number): number {
  return Math.ceil(sizeBytes / blockSizeBytes);
}

export function isZeroBlock(data: Buffer): boolean {
  return data.equals(data.length === blockSizeBytes ? zeroBlock : zeroBlock.subarray(0, data.length));
}

/** SHA-256, raw. On the event loop: WebCrypto has threads for it, and copies every block for them, which costs no less. */
export function blockDigest(data: Buffer): Buffer {
  return hash('sha256', data, 'buffer');
}

/** SHA-256 of a block of zeros. */
export const zeroDigest: Buffer = blockDigest(zeroBlock);
