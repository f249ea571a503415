/** As many buffers as parts are under way at once, made when they are first needed and used again: memory stays flat. */
export interface BufferPool {
  /** Runs `use` with a buffer that is nobody else's meanwhile. */
  with<T>(use: (buffer: Buffer) => Promise<T>): Promise<T>;
}

export function createBufferPool({
  size,
  count,
}: {
  readonly size: number;
  readonly count: number;
}): BufferPool {
  const free: Buffer[] = [];
  const waiting: ((buffer: Buffer) => void)[] = [];
  let made = 0;

  async function take(): Promise<Buffer> {
    const buffer = free.pop();
    if (buffer) return buffer;
    if (made < count) {
      made += 1;
      return Buffer.allocUnsafeSlow(size);
    }
    return new Promise((resolve) => waiting.push(resolve));
  }

  return {
    async with(use) {
      const buffer = await take();
      try {
        return await use(buffer);
      } finally {
        const next = waiting.shift();
        if (next) next(buffer);
        else free.push(buffer);
      }
    },
  };
}
