/** EBS direct's one block size (StartSnapshot, `BlockSize`). */
export const blockSizeBytes = 524_288;

const zeros = Buffer.alloc(blockSizeBytes);

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
  return data.equals(data.length === blockSizeBytes ? zeros : zeros.subarray(0, data.length));
}

/** SHA-256, raw. WebCrypto hashes on the thread pool, so that the event loop is free to send meanwhile. */
export async function blockDigest(data: Buffer): Promise<Buffer> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', data as Buffer<ArrayBuffer>));
}

/** EBS counts volumes in whole GiB. */
export function volumeSizeGiB(sizeBytes: number): number {
  return Math.max(1, Math.ceil(sizeBytes / 2 ** 30));
}
