/** What is used of the undocumented part of a zlib stream. */
interface Handle {
  onerror: (message: string, errno: number, code: string) => void;
  reset(): void;
  writeSync(
    flush: number,
    input: Buffer,
    inputAt: number,
    inputLength: number,
    out: Buffer,
    outAt: number,
    outLength: number,
  ): void;
}

export interface ZlibHandle {
  readonly handle: Handle;
  /** After a write: what is left of output and input, in bytes. */
  readonly left: Uint32Array;
  failed: boolean;
}

/** Undefined where this version of Node.js has no such handle. */
export function zlibHandleOf(stream: unknown): ZlibHandle | undefined {
  const { _handle: handle, _writeState: left } = stream as { _handle?: Handle; _writeState?: Uint32Array };
  if (typeof handle?.writeSync !== 'function' || typeof handle.reset !== 'function') return undefined;
  if (!(left instanceof Uint32Array) || left.length !== 2) return undefined;
  // The stream closes its handle when it is collected.
  const state = { handle, left, failed: false, stream };
  handle.onerror = () => {
    state.failed = true;
  };
  return state;
}
