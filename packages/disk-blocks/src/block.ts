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
  /** SHA-256, raw, where whoever made the block has computed it. */
  readonly digest?: Buffer;
  /** Returns the buffer to be filled again. Without this call the data stays as it is. */
  release(): void;
}

/** A block's memory, all of a buffer that worker threads can fill and hash. */
export type BlockBuffer = Buffer<SharedArrayBuffer>;

/** Buffers of one block for reuse: allocating half a MiB for every block costs more than sending it. */
export interface BlockPool {
  take(): BlockBuffer;
  give(buffer: BlockBuffer): void;
}

export function createBlockPool(): BlockPool {
  const free: BlockBuffer[] = [];
  return {
    take: () => free.pop() ?? Buffer.from(new SharedArrayBuffer(blockSizeBytes)),
    give: (buffer) => void free.push(buffer),
  };
}

export function blockCount(sizeBytes: number): number {
  return Math.ceil(sizeBytes / blockSizeBytes);
}

export function isZeroBlock(data: Buffer): boolean {
  return data.equals(data.length === blockSizeBytes ? zeroBlock : zeroBlock.subarray(0, data.length));
}

/**
 * Zeros in a range of memory that threads may share: there `fill` writes byte by byte, and takes fifteen times as long.
 *
 * @param start in bytes, default 0
 * @param end in bytes, default the end of the data
 */
export function fillWithZeros(data: Uint8Array, start = 0, end: number = data.length): void {
  for (let at = start; at < end; at += blockSizeBytes) zeroBlock.copy(data, at, 0, end - at);
}

/** SHA-256, raw. On the event loop: WebCrypto's threads would need a copy of every block, which costs as much. */
export function blockDigest(data: Buffer): Buffer {
  return hash('sha256', data, 'buffer');
}

/** SHA-256 of a block of zeros. */
export const zeroDigest: Buffer = blockDigest(zeroBlock);
