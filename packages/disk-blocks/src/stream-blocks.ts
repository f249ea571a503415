import {
  type Block,
  type BlockBuffer,
  type BlockPool,
  blockSizeBytes,
  createBlockPool,
  fillWithZeros,
  isZeroBlock,
} from './block.ts';
import { blockOf, digestedBlock } from './digest-block.ts';
import { mapAhead } from './map-ahead.ts';

export interface StreamBlocksOptions {
  readonly onSize?: (sizeBytes: number) => void;
  /** Whether blocks have their digests, computed in worker threads. Default false. */
  readonly digests?: boolean;
  readonly signal?: AbortSignal;
}

/** The blocks of a disk that comes as a stream of its raw bytes, all-zero ones omitted; `sizeBytes` is known at the end. */
export async function* streamBlocks(
  source: AsyncIterable<Buffer>,
  { onSize, digests = false, signal }: StreamBlocksOptions = {},
): AsyncGenerator<Block> {
  const pool = createBlockPool();
  const filled = filledBlocks(source, { pool, onSize });
  const make = async ({ index, data }: Filled) => digestedBlock({ index, data, pool, signal });
  if (digests) yield* mapAhead(filled, make, { signal });
  else for await (const { index, data } of filled) yield blockOf(index, data, pool);
}

interface Filled {
  readonly index: number;
  readonly data: BlockBuffer;
}

async function* filledBlocks(
  source: AsyncIterable<Buffer>,
  { pool, onSize }: { readonly pool: BlockPool; readonly onSize?: (sizeBytes: number) => void },
): AsyncGenerator<Filled> {
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
        yield { index, data };
        data = pool.take();
      }
      index += 1;
      filled = 0;
    }
  }
  onSize?.(index * blockSizeBytes + filled);
  if (filled > 0 && !isZeroBlock(data.subarray(0, filled))) {
    fillWithZeros(data, filled);
    yield { index, data };
  }
}
