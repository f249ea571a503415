/** As many buffers as parts are under way at once, made when they are first needed and used again: memory stays flat. */
export interface BufferPool<B> {
  /**
   * One that is nobody else's until it is given back.
   *
   * @throws the signal's reason
   */
  take(signal?: AbortSignal): Promise<B>;
  give(buffer: B): void;
}

export function createBufferPool<B>({
  count,
  make,
}: {
  readonly count: number;
  readonly make: () => B;
}): BufferPool<B> {
  const free: B[] = [];
  const waiting = new Set<(buffer: B) => void>();
  let made = 0;
  return {
    async take(signal) {
      signal?.throwIfAborted();
      const buffer = free.pop();
      if (buffer !== undefined) return buffer;
      if (made < count) {
        made += 1;
        return make();
      }
      const { promise, resolve, reject } = Promise.withResolvers<B>();
      const onAbort = () => {
        waiting.delete(resolve);
        reject(signal?.reason);
      };
      waiting.add(resolve);
      signal?.addEventListener('abort', onAbort, { once: true });
      try {
        return await promise;
      } finally {
        signal?.removeEventListener('abort', onAbort);
      }
    },
    give(buffer) {
      const [next] = waiting;
      if (!next) {
        free.push(buffer);
        return;
      }
      waiting.delete(next);
      next(buffer);
    },
  };
}
