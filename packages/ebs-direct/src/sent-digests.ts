/** What was sent, as it is. */
export interface SentDigests {
  /** SHA-256 by index, of every block that is not all zeros. */
  readonly digests: ReadonlyMap<number, Buffer>;
  /** A block is about to be sent, or left out: without a digest it is zeros. */
  add(index: number, digest?: Buffer): void;
  /** No more blocks come. */
  end(): void;
  /** Waits until this block, and all before it, have been added. */
  upTo(index: number, signal: AbortSignal): Promise<void>;
}

/** @param options.blocks how many there are */
export function createSentDigests({ blocks }: { readonly blocks: number }): SentDigests {
  const digests = new Map<number, Buffer>();
  const isAdded = new Uint8Array(blocks);
  /** All before this one have been added. */
  let missing = 0;
  let waiting: { readonly index: number; readonly resolve: () => void } | undefined;
  const wake = () => {
    if (waiting && waiting.index < missing) waiting.resolve();
  };
  return {
    digests,
    add(index, digest) {
      if (digest) digests.set(index, digest);
      isAdded[index] = 1;
      while (isAdded[missing]) missing += 1;
      wake();
    },
    end() {
      missing = Number.POSITIVE_INFINITY;
      wake();
    },
    async upTo(index, signal) {
      if (index < missing) return;
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
