import zlib from 'node:zlib';

/**
 * Decompresses the frame of zstd that a cluster begins with into `size` bytes of `out`.
 *
 * @returns whether the frame is whole and has exactly that size
 */
export function decompressZstd(input: Buffer, out: Buffer, outAt: number, size: number): boolean {
  const end = frameEnd(input);
  if (end === undefined) return false;
  try {
    const bytes = zlib.zstdDecompressSync(input.subarray(0, end), {
      chunkSize: Math.max(64, size),
      maxOutputLength: size,
      params: { [zlib.constants.ZSTD_d_windowLogMax]: windowLogMax },
    });
    if (bytes.length !== size) return false;
    bytes.copy(out, outAt);
    return true;
  } catch {
    return false;
  }
}

/** 8 MiB: what levels up to 19 use, and more than the largest cluster. */
const windowLogMax = 23;

/**
 * A cluster's length is known in sectors only, and the decompressor refuses what follows a frame: where the frame ends by its
 * own headers (RFC 8878, 3.1.1); undefined where it is none, or cut short.
 */
function frameEnd(bytes: Buffer): number | undefined {
  if (bytes.length < 9 || bytes.readUInt32LE(0) !== 0xfd2fb528) return undefined;
  const descriptor = bytes[4]!;
  const isSingleSegment = (descriptor >> 5) & 1;
  const dictionaryLength = [0, 1, 2, 4][descriptor & 3]!;
  const sizeLength = [isSingleSegment, 2, 4, 8][descriptor >> 6]!;
  const checksumLength = descriptor & 4;
  let at = 5 + (1 - isSingleSegment) + dictionaryLength + sizeLength;
  for (let isLast = false; !isLast; ) {
    if (at + 3 > bytes.length) return undefined;
    const header = bytes.readUIntLE(at, 3);
    isLast = (header & 1) === 1;
    const isRepeatedByte = ((header >> 1) & 3) === 1;
    at += 3 + (isRepeatedByte ? 1 : header >> 3);
  }
  return at + checksumLength <= bytes.length ? at + checksumLength : undefined;
}
