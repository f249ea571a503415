import type { Block, BlockBuffer, BlockPool } from './block.ts';
import { sharedPool } from './workers/pool.ts';

/** A block with its digest, which a worker thread computes. */
export async function digestedBlock({
  index,
  data,
  pool,
  signal,
}: {
  readonly index: number;
  readonly data: BlockBuffer;
  readonly pool: BlockPool;
  readonly signal?: AbortSignal;
}): Promise<Block> {
  const { result } = await sharedPool().run({ kind: 'digest', buffer: data.buffer }, { signal });
  return blockOf(index, data, pool, Buffer.from(result!.digest.buffer));
}

export function blockOf(index: number, data: BlockBuffer, pool: BlockPool, digest?: Buffer): Block {
  return { index, data, ...(digest && { digest }), release: () => pool.give(data) };
}
