import zlib from 'node:zlib';
import { type ZlibHandle, zlibHandleOf } from './zlib-handle.ts';
import { type Frame, frameAt, windowDescriptor } from './zstd-frame.ts';

/**
 * Decompresses the frames that a cluster begins with into `size` bytes of `out` from `outAt` on. Takes what QEMU takes
 * (`qcow2_zstd_decompress`): any number of frames, also empty and skippable ones, until one ends where the cluster is full.
 * What follows is left, since a cluster's length is known in sectors only. The input is changed meanwhile, and is as before
 * afterwards.
 *
 * @returns whether the cluster is full, and the frame that filled it whole
 */
export type Unzstd = (input: Buffer, out: Buffer, outAt: number, size: number) => boolean;

/**
 * Decompresses one whole frame into the beginning of `out`.
 *
 * @returns how many bytes it has; undefined where it is damaged or has more than `out`
 */
export type FrameDecoder = (frame: Buffer, out: Buffer) => number | undefined;

/**
 * Uses one state of zstd for all clusters, by a handle that Node.js does not document, where a test of it succeeds; else the
 * documented API, which makes a state, a buffer and a copy for each frame, and takes twice the time.
 */
export function createUnzstd(decode: FrameDecoder = createHandleDecoder() ?? decodePublicly): Unzstd {
  return (input, out, outAt, size) => {
    const end = outAt + size;
    let filled = outAt;
    for (let at = 0; filled < end; ) {
      const frame = frameAt(input, at);
      if (!frame) return false;
      if (!frame.isSkippable) {
        if (!isTaken(frame, end - filled)) return false;
        const bytes = withWindowWithin(input, frame, size, () =>
          decode(input.subarray(at, frame.end), out.subarray(filled, end)),
        );
        if (bytes === undefined) return false;
        filled += bytes;
      }
      at = frame.end;
    }
    return true;
  };
}

type ZstdFrame = Extract<Frame, { isSkippable: false }>;

/** What zstd takes by default, and QEMU with it. */
const maxWindowBytes = 2 ** 27;
/** The window is not needed where a content of known size has room, and is only to be one that zstd knows. */
const maxKnownWindowBytes = 2 ** 32;

function isTaken({ contentSize, window }: ZstdFrame, room: number): boolean {
  if (contentSize === undefined) return window!.size <= maxWindowBytes;
  return contentSize <= room && (window?.size ?? 0) < maxKnownWindowBytes;
}

/** No block of zstd is larger. A smaller window would be their limit. */
const maxBlockBytes = 128 * 1024;

/**
 * Zstd allocates the window that a frame declares, up to 128 MiB. Nothing refers to what lies in front of the frame, so that a
 * window as large as the whole cluster gives the same bytes, and the same errors.
 */
function withWindowWithin<T>(input: Buffer, { window }: ZstdFrame, size: number, decode: () => T): T {
  const enough = Math.max(size, maxBlockBytes);
  if (!window || window.size <= enough) return decode();
  const declared = input[window.at]!;
  try {
    input[window.at] = windowDescriptor(enough);
    return decode();
  } finally {
    input[window.at] = declared;
  }
}

export const decodePublicly: FrameDecoder = (frame, out) => {
  try {
    const bytes = zlib.zstdDecompressSync(frame, {
      chunkSize: Math.max(64, out.length),
      maxOutputLength: out.length,
    });
    bytes.copy(out);
    return bytes.length;
  } catch {
    return undefined;
  }
};

/** Undefined where this version of Node.js has no such handle, or one that behaves otherwise. */
export function createHandleDecoder(): FrameDecoder | undefined {
  let state: ZlibHandle | undefined;
  const open = () => zlibHandleOf(zlib.createZstdDecompress());
  const decode: FrameDecoder = (frame, out) => {
    state ??= open();
    if (!state) throw new Error('zstd has no handle');
    const { handle, left } = state;
    handle.writeSync(zlib.constants.ZSTD_e_continue, frame, 0, frame.length, out, 0, out.length);
    // A frame that is taken as a whole has ended: the state is as new for the next.
    if (!state.failed && left[1] === 0) return out.length - left[0]!;
    state = undefined;
    return undefined;
  };
  try {
    state = open();
    return state && isReliable(decode) ? decode : undefined;
  } catch {
    return undefined;
  }
}

/** Whole frames one after the other, with and without a known size, with a damaged, a short and a long one in between. */
function isReliable(decode: FrameDecoder): boolean {
  const wanted = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * index) >>> 5));
  const out = Buffer.alloc(wanted.length + 16);
  const { ZSTD_c_checksumFlag, ZSTD_c_contentSizeFlag } = zlib.constants;
  return [0, 1].every((hasSize) => {
    const params = { [ZSTD_c_checksumFlag]: 1, [ZSTD_c_contentSizeFlag]: hasSize };
    const frame = zlib.zstdCompressSync(wanted, { params });
    const damaged = Buffer.from(frame);
    damaged[damaged.length - 1]! ^= 1;
    const isRight = () => {
      out.fill(1);
      return (
        decode(frame, out.subarray(8, -8)) === wanted.length &&
        out.subarray(8, -8).equals(wanted) &&
        [...out.subarray(0, 8), ...out.subarray(-8)].every((byte) => byte === 1)
      );
    };
    return (
      isRight() &&
      isRight() &&
      decode(damaged, out) === undefined &&
      isRight() &&
      decode(frame, out.subarray(0, wanted.length - 1)) === undefined &&
      isRight()
    );
  });
}
