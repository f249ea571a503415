import { type Block, blockSizeBytes, createBlockPool, isZeroBlock } from './block.ts';

/** The blocks of a disk that comes as a stream of its raw bytes, all-zero ones omitted; `sizeBytes` is known at the end. */
export async function* streamBlocks(
  source: AsyncIterable<Buffer>,
  { onSize }: { readonly onSize?: (sizeBytes: number) => void } = {},
): AsyncGenerator<Block> {
  const pool = createBlockPool();
  const block = (index: number, data: Buffer): Block => ({ index, data, release: () => pool.give(data) });
  let index = 0;
  let filled = 0;
  let data = pool.take();
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      const taken = chunk.copy(data, filled, at, Math.min(chunk.length, at + blockSizeBytes - filled));
      at += taken;
      filled += taken;
      if (filled < blockSizeBytes) continue;
      if (!isZeroBlock(data)) {
        yield block(index, data);
        data = pool.take();
      }
      index += 1;
      filled = 0;
    }
  }
  onSize?.(index * blockSizeBytes + filled);
  if (filled > 0 && !isZeroBlock(data.subarray(0, filled))) yield block(index, data.fill(0, filled));
}
