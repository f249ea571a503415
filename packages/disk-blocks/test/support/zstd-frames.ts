import { constants, zstdCompressSync } from 'node:zlib';

export interface FrameOptions {
  /** Whether the header says how much the frame holds. Default true. */
  readonly hasSize?: boolean;
  /** Default false. */
  readonly hasChecksum?: boolean;
  /** The byte of the header that describes the window, of a frame with one. */
  readonly window?: number;
}

/** A frame of zstd. */
export function frameOf(
  content: Buffer,
  { hasSize = true, hasChecksum = false, window }: FrameOptions = {},
): Buffer {
  const { ZSTD_c_checksumFlag, ZSTD_c_contentSizeFlag } = constants;
  const frame = zstdCompressSync(content, {
    params: { [ZSTD_c_checksumFlag]: Number(hasChecksum), [ZSTD_c_contentSizeFlag]: Number(hasSize) },
  });
  return window === undefined ? frame : withWindow(frame, window);
}

/** The size of a frame that is one segment gets a window in front of it. */
function withWindow(frame: Buffer, window: number): Buffer {
  const isSingleSegment = (frame[4]! & 0x20) !== 0;
  // Without a segment for a window, a size of one byte could not be told from none.
  if (isSingleSegment && frame[4]! >> 6 === 0) throw new RangeError('too short for a size and a window');
  const descriptor = Buffer.from([frame[4]! & ~0x20, window]);
  return Buffer.concat([frame.subarray(0, 4), descriptor, frame.subarray(isSingleSegment ? 5 : 6)]);
}

/** A frame without content, whose number is one of 16. */
export function skippableFrame(bytes: Buffer, number = 0): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(0x184d2a50 + number);
  header.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

/** The byte that describes a window of 2 to the power of `log` bytes, and eighths of that. */
export function windowOf(log: number, eighths = 0): number {
  return ((log - 10) << 3) | eighths;
}
