/** A frame as its own headers describe it (RFC 8878, 3.1). All in bytes, of the buffer that it was found in. */
export type Frame =
  | { readonly isSkippable: true; readonly end: number }
  | {
      readonly isSkippable: false;
      /** Behind its checksum, if it has one. */
      readonly end: number;
      /** Undefined where the header does not say it. */
      readonly contentSize?: number;
      /** Undefined where the content itself is the window. */
      readonly window?: { readonly at: number; readonly size: number };
    };

/** The frame that begins there; undefined where none does, or one that is cut short. Its blocks are not decompressed. */
export function frameAt(bytes: Buffer, at: number): Frame | undefined {
  if (at + leastBytes > bytes.length) return undefined;
  const magic = bytes.readUInt32LE(at);
  if (magic >>> 4 === skippableMagic) {
    const end = at + 8 + bytes.readUInt32LE(at + 4);
    return end <= bytes.length ? { isSkippable: true, end } : undefined;
  }
  return magic === zstdMagic ? compressedFrameAt(bytes, at) : undefined;
}

/** Of an empty skippable frame; any other is longer. */
const leastBytes = 8;
const zstdMagic = 0xfd2fb528;
/** Without the last four bits, which are free. */
const skippableMagic = 0x184d2a5;

function compressedFrameAt(bytes: Buffer, at: number): Frame | undefined {
  const descriptor = bytes[at + 4]!;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const windowAt = at + 5;
  const dictionaryLength = [0, 1, 2, 4][descriptor & 3]!;
  const sizeAt = windowAt + (isSingleSegment ? 0 : 1) + dictionaryLength;
  const sizeLength = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const blocksAt = sizeAt + sizeLength;
  if (blocksAt > bytes.length) return undefined;
  const end = blocksEnd(bytes, blocksAt) + (descriptor & 4);
  if (!(end <= bytes.length)) return undefined;
  return {
    isSkippable: false,
    end,
    ...(sizeLength > 0 && { contentSize: readSize(bytes, sizeAt, sizeLength) }),
    ...(!isSingleSegment && { window: { at: windowAt, size: windowSize(bytes[windowAt]!) } }),
  };
}

/** Behind the last block; NaN where the bytes end before. */
function blocksEnd(bytes: Buffer, from: number): number {
  for (let at = from; at + 3 <= bytes.length; ) {
    const header = bytes.readUIntLE(at, 3);
    const isRepeatedByte = ((header >> 1) & 3) === 1;
    at += 3 + (isRepeatedByte ? 1 : header >> 3);
    if (header & 1) return at;
  }
  return Number.NaN;
}

/** A size of two bytes counts from 256. */
function readSize(bytes: Buffer, at: number, length: number): number {
  if (length === 8) return Number(bytes.readBigUInt64LE(at));
  return bytes.readUIntLE(at, length) + (length === 2 ? 256 : 0);
}

/** An exponent, and eighths of what it gives. */
function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** The descriptor of a window of this many bytes: a power of two from 1 KiB on. */
export function windowDescriptor(size: number): number {
  return (Math.log2(size) - 10) << 3;
}
