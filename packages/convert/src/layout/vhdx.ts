import { blocksLayout } from './blocks-layout.ts';
import type { DiskLayout, PlanOptions } from './layout.ts';
import { presentBlocks, sectorSize } from './present.ts';
import { vhdxHead } from './vhdx-head.ts';

const mib = 1024 ** 2;
const gib = 1024 ** 3;

/**
 * A dynamic VHDX, where qemu-img puts everything (block/vhdx.c, `vhdx_co_create`): header section, log, BAT, metadata,
 * blocks in the disk's order.
 */
export function planVhdx({ identity, virtualSize, present }: PlanOptions): DiskLayout {
  const blockSize = blockSizeFor(virtualSize);
  const indexes = presentBlocks(present, blockSize);
  const table = new AllocationTable(virtualSize, blockSize);
  const log = { at: mib, length: mib };
  const bat = { at: 2 * mib, length: Math.ceil(table.bytes.length / mib) * mib };
  const metadata = { at: bat.at + bat.length, length: mib };
  const blocksAt = metadata.at + 5 * mib;
  indexes.forEach((block, index) => {
    table.setPresent(block, blocksAt + index * blockSize);
  });
  const head = vhdxHead({ identity, virtualSize, blockSize, log, bat, metadata });
  return blocksLayout({
    literals: [...head.header, { at: bat.at, bytes: table.bytes }, ...head.metadata],
    blocks: { at: blocksAt, sizeBytes: blockSize, indexes },
    present,
    // 2.4: the last block is whole, too, even where the disk ends within it.
    fileSize: blocksAt + indexes.length * blockSize,
  });
}

/** QEMU's own rule, and so what EC2 has seen of it. */
function blockSizeFor(virtualSize: number): number {
  if (virtualSize > 32 * 1024 * gib) return 64 * mib;
  if (virtualSize > 100 * gib) return 32 * mib;
  return virtualSize > gib ? 16 * mib : 8 * mib;
}

/** 2.5.1.1. Only PAYLOAD_BLOCK_ZERO says that a block reads as zeros; what a reader makes of others that are absent is left to it. */
const blockZero = 2;
const blockFullyPresent = 6;

/** 2.5: an entry of 64 bits for every block, and behind each chunk of them one for a sector bitmap, which no dynamic disk has (2.5.1.2). */
class AllocationTable {
  readonly bytes: Buffer;
  readonly #chunkRatio: number;

  constructor(virtualSize: number, blockSize: number) {
    // 2.4: a bitmap covers 2^23 sectors.
    this.#chunkRatio = (2 ** 23 * sectorSize) / blockSize;
    const blocks = Math.ceil(virtualSize / blockSize);
    // 2.5: the last entry is that of the last block.
    this.bytes = Buffer.alloc(8 * (this.#entryOf(blocks - 1) + 1));
    for (let block = 0; block < blocks; block++) this.bytes[8 * this.#entryOf(block)] = blockZero;
  }

  /** 2.5.1: the state in the lowest three bits, FileOffsetMB from bit 20 on. */
  setPresent(block: number, at: number): void {
    this.bytes.writeBigUInt64LE(BigInt(at + blockFullyPresent), 8 * this.#entryOf(block));
  }

  #entryOf(block: number): number {
    return block + Math.floor(block / this.#chunkRatio);
  }
}
