import type { ByteSource } from './byte-source.ts';

const magicBytes = 4;
const magic = 0xfd2fb528;
/** Magic, descriptor, window, dictionary, size: the longest that they can be. */
const longestHeaderBytes = magicBytes + 1 + 1 + 4 + 8;

/**
 * What the first frame of a zstd file says it decompresses to, in bytes (RFC 8878, 3.1.1.1). Undefined where it does not say it,
 * as when it was compressed from a pipe, or where another frame comes first.
 *
 * This is only a claim, and of that frame alone: others may follow, of which nothing tells before their own beginning.
 */
export async function readZstdFrameSize(source: ByteSource): Promise<number | undefined> {
  const header = await source.read(0, longestHeaderBytes);
  if (header.length <= magicBytes || header.readUInt32LE(0) !== magic) return undefined;
  const descriptor = header[magicBytes]!;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const windowBytes = isSingleSegment ? 0 : 1;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const at = magicBytes + 1 + windowBytes + dictionaryBytes;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  if (sizeBytes === 0 || header.length < at + sizeBytes) return undefined;
  if (sizeBytes === 8) {
    const size = header.readBigUInt64LE(at);
    return size <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(size) : undefined;
  }
  // In two bytes sizes begin where those in one end.
  return header.readUIntLE(at, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
}
