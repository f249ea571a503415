/** As many buffers as parts are under way at once, made when they are first needed and used again: memory stays flat. */
export interface BufferPool<B> {
  /** One that is nobody else's until it is given back. */
  take(): Promise<B>;
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
  const waiting: ((buffer: B) => void)[] = [];
  let made = 0;
  return {
    async take() {
      const buffer = free.pop();
      if (buffer !== undefined) return buffer;
      if (made < count) {
        made += 1;
        return make();
      }
      return new Promise((resolve) => waiting.push(resolve));
    },
    give(buffer) {
      const next = waiting.shift();
      if (next) next(buffer);
      else free.push(buffer);
    },
  };
}
