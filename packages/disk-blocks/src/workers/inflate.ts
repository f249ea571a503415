import zlib from 'node:zlib';
import { type ZlibHandle, zlibHandleOf } from './zlib-handle.ts';

export interface Inflater {
  /**
   * Inflates one cluster of raw deflate into `size` bytes of `out` from `outAt` on. Bytes that follow the stream are left.
   *
   * @returns how many bytes of the input the stream has; undefined where it is damaged or does not fill `size`
   */
  inflate(input: Buffer, out: Buffer, outAt: number, size: number): number | undefined;
  /**
   * The same into the beginning of `out`, which has room for a byte more, for a stream that is known to end: undefined also
   * where it could go on, or where nothing follows it in the input, which leaves that open.
   */
  inflateEnded(input: Buffer, out: Buffer, size: number): number | undefined;
}

/**
 * An inflater that uses one state of zlib for all clusters, by a handle that Node.js does not document, where a test of it
 * succeeds; else the documented API, which makes a state, a buffer and a copy for each: a fifth slower, and twice the memory.
 */
export function createInflater(): Inflater {
  return createHandleInflater() ?? createPublicInflater();
}

/** The largest window: raw deflate does not tell its own. */
const windowBits = 15;

export function createPublicInflater(): Inflater {
  const inflater: Inflater = {
    inflate(input, out, outAt, size) {
      try {
        const { buffer, engine } = zlib.inflateRawSync(input, {
          windowBits,
          finishFlush: zlib.constants.Z_SYNC_FLUSH,
          chunkSize: Math.max(64, size + 64),
          maxOutputLength: size,
          info: true,
        }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
        if (buffer.length !== size) return undefined;
        buffer.copy(out, outAt);
        return engine.bytesWritten;
      } catch {
        return undefined;
      }
    },
    inflateEnded(input, out, size) {
      // Here a stream that could go on is refused by its size.
      const used = inflater.inflate(input, out, 0, size);
      return used !== undefined && used < input.length ? used : undefined;
    },
  };
  return inflater;
}

/** Undefined where this version of Node.js has no such handle, or one that behaves otherwise. */
export function createHandleInflater(): Inflater | undefined {
  let state: ZlibHandle | undefined;
  const open = () => zlibHandleOf(zlib.createInflateRaw({ windowBits }));
  /** What is left of output and input; undefined where the stream is damaged. */
  const run = (input: Buffer, out: Buffer, outAt: number, size: number) => {
    state ??= open();
    if (!state) throw new Error('zlib has no handle');
    const { handle, left } = state;
    state.failed = false;
    handle.reset();
    handle.writeSync(zlib.constants.Z_SYNC_FLUSH, input, 0, input.length, out, outAt, size);
    if (!state.failed) return { out: left[0], input: left[1]! };
    state = undefined;
    return undefined;
  };
  const inflater: Inflater = {
    inflate(input, out, outAt, size) {
      const left = run(input, out, outAt, size);
      return left?.out === 0 ? input.length - left.input : undefined;
    },
    inflateEnded(input, out, size) {
      // With room for a byte more, and input left, nothing but the end of the stream has stopped it.
      const left = run(input, out, 0, size + 1);
      return left?.out === 1 && left.input > 0 ? input.length - left.input : undefined;
    },
  };
  try {
    state = open();
    return state && isReliable(inflater) ? inflater : undefined;
  } catch {
    return undefined;
  }
}

/** Whole streams one after the other, with bytes behind them, a damaged one and a short one in between. */
function isReliable({ inflate, inflateEnded }: Inflater): boolean {
  const size = 4096;
  const wanted = Buffer.from(Array.from({ length: size }, (_, index) => (index * index) >>> 5));
  const deflated = zlib.deflateRawSync(wanted);
  const followed = Buffer.concat([deflated, Buffer.alloc(100, 0xa5)]);
  const damaged = Buffer.from(followed).fill(0xff, 0, 20);
  const out = Buffer.alloc(size + 16, 1);
  const isRight = (input: Buffer) => {
    out.fill(1);
    return (
      inflate(input, out, 8, size) === deflated.length &&
      out.subarray(8, 8 + size).equals(wanted) &&
      [...out.subarray(0, 8), ...out.subarray(8 + size)].every((byte) => byte === 1)
    );
  };
  return (
    isRight(followed) &&
    inflate(damaged, out, 8, size) === undefined &&
    isRight(deflated) &&
    inflate(deflated.subarray(0, deflated.length / 2), out, 8, size) === undefined &&
    inflate(zlib.deflateRawSync(wanted.subarray(1)), out, 8, size) === undefined &&
    isRight(followed) &&
    inflateEnded(followed, out, size) === deflated.length &&
    inflateEnded(deflated, out, size) === undefined &&
    inflateEnded(followed, out, size - 1) === undefined
  );
}
