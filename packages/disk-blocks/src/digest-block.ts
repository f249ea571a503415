import type { Block, BlockPool } from './block.ts';
import { sharedPool } from './workers/pool.ts';

/** A block with its digest, which a worker thread computes: the data is transferred there and back. */
export async function digestedBlock({
  index,
  data,
  pool,
  signal,
}: {
  readonly index: number;
  /** All of the memory that it is a view of. */
  readonly data: Buffer;
  readonly pool: BlockPool;
  readonly signal?: AbortSignal;
}): Promise<Block> {
  const buffer = data.buffer as ArrayBuffer;
  const { result } = await sharedPool().run({ kind: 'digest', buffer }, { transfer: [buffer], signal });
  return blockOf(index, Buffer.from(result!.buffer), pool, Buffer.from(result!.digest.buffer));
}

export function blockOf(index: number, data: Buffer, pool: BlockPool, digest?: Buffer): Block {
  return { index, data, ...(digest && { digest }), release: () => pool.give(data) };
}
