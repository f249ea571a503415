import zlib from 'node:zlib';
import { zlibHandleOf } from './zlib-handle.ts';

/**
 * Deflates a unit into the beginning of `out`, as a zlib stream (RFC 1950): the bytes that `deflateSync` gives.
 *
 * @returns how long the stream is
 * @throws RangeError where `out` is too short
 */
export type Deflater = (unit: Buffer, out: Buffer) => number;

/**
 * Uses one state of zlib for all units, by a handle that Node.js does not document, where a test of it succeeds; else the
 * documented API, whose states and buffers wait for the garbage collector: 15 MiB in each thread.
 *
 * @param level of zlib
 */
export function createDeflater(level: number): Deflater {
  return createHandleDeflater(level) ?? createPublicDeflater(level);
}

export function createPublicDeflater(level: number): Deflater {
  return (unit, out) => {
    const stream = zlib.deflateSync(unit, { level, chunkSize: Math.max(64, unit.length + 1024) });
    out.set(stream);
    return stream.length;
  };
}

/** Undefined where this version of Node.js has no such handle, or one that behaves otherwise. */
export function createHandleDeflater(level: number): Deflater | undefined {
  try {
    const state = zlibHandleOf(zlib.createDeflate({ level }));
    if (!state) return undefined;
    const { handle, left } = state;
    const deflate: Deflater = (unit, out) => {
      state.failed = false;
      handle.reset();
      handle.writeSync(zlib.constants.Z_FINISH, unit, 0, unit.length, out, 0, out.length);
      // Without room left, the stream may lack its end.
      if (state.failed || left[0] === 0)
        throw new RangeError(`no stream of ${unit.length} bytes in ${out.length}`);
      return out.length - left[0]!;
    };
    return isReliable(deflate, level) ? deflate : undefined;
  } catch {
    return undefined;
  }
}

/** Units one after the other, and one that has no room in between. */
function isReliable(deflate: Deflater, level: number): boolean {
  const units = [4096, 70_000, 512].map((size) =>
    Buffer.from(Array.from({ length: size }, (_, index) => (index * index) >>> 5)),
  );
  return units.every((unit) => {
    const wanted = zlib.deflateSync(unit, { level });
    const out = Buffer.alloc(wanted.length + 8, 1);
    const isRight =
      deflate(unit, out) === wanted.length &&
      out.subarray(0, wanted.length).equals(wanted) &&
      out.subarray(wanted.length).every((byte) => byte === 1);
    return isRight && isRefused(() => deflate(unit, out.subarray(0, wanted.length - 1)));
  });
}

function isRefused(deflate: () => void): boolean {
  try {
    deflate();
    return false;
  } catch {
    return true;
  }
}
