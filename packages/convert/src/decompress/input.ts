/** Compressed bytes of which a decoder takes only what it needs. */
export interface Input extends AsyncDisposable {
  /** The next bytes, `length` of them or more; fewer at the end. They stay where they are. */
  peek(length: number): Promise<Buffer>;
  /** Leaves out the first bytes of what `peek` gave. */
  skip(length: number): void;
}

/** Reads from a source, which ends with it. */
export function createInput(source: AsyncIterable<Buffer>, signal?: AbortSignal): Input {
  const chunks = source[Symbol.asyncIterator]();
  let ahead: Buffer = Buffer.alloc(0);
  let isAtEnd = false;
  return {
    async peek(length) {
      while (ahead.length < length && !isAtEnd) {
        signal?.throwIfAborted();
        const { value, done } = await chunks.next();
        if (done) isAtEnd = true;
        else ahead = ahead.length === 0 ? value : Buffer.concat([ahead, value]);
      }
      signal?.throwIfAborted();
      return ahead;
    },
    skip(length) {
      ahead = ahead.subarray(length);
    },
    async [Symbol.asyncDispose]() {
      await chunks.return?.();
    },
  };
}
