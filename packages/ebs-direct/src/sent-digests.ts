/** What was sent, as it is: blocks come in ascending order. */
export interface SentDigests {
  /** SHA-256 by index, of every block that is not all zeros. */
  readonly digests: ReadonlyMap<number, Buffer>;
  /** A block is about to be sent, or left out: without a digest it is zeros. */
  add(index: number, digest?: Buffer): void;
  /** No more blocks come. */
  end(): void;
  /** Waits until this block, or one behind it, has been added. */
  upTo(index: number, signal: AbortSignal): Promise<void>;
}

export function createSentDigests(): SentDigests {
  const digests = new Map<number, Buffer>();
  let reached = -1;
  let waiting: { readonly index: number; readonly resolve: () => void } | undefined;
  const reach = (index: number) => {
    reached = index;
    if (waiting && waiting.index <= reached) waiting.resolve();
  };
  return {
    digests,
    add(index, digest) {
      if (digest) digests.set(index, digest);
      reach(index);
    },
    end: () => reach(Number.POSITIVE_INFINITY),
    async upTo(index, signal) {
      if (index <= reached) return;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const onAbort = () => reject(signal.reason);
      signal.throwIfAborted();
      signal.addEventListener('abort', onAbort, { once: true });
      waiting = { index, resolve };
      try {
        await promise;
      } finally {
        waiting = undefined;
        signal.removeEventListener('abort', onAbort);
      }
    },
  };
}
