import { blocksLayout } from './blocks-layout.ts';
import { type Identity, uuidFrom } from './identity.ts';
import type { DiskLayout, PlanOptions } from './layout.ts';
import { presentBlocks, sectorSize } from './present.ts';

/** Names as in Microsoft's Virtual Hard Disk Image Format Specification 1.0; all fields are big-endian. */
const diskType = { fixed: 2, dynamic: 3 };
/** "Block Size": the default, and the only one that every reader takes. */
const blockSize = 2 * 1024 ** 2;
/** Behind the footer's copy and the header of three sectors. */
const headerAt = sectorSize;
const tableAt = headerAt + 2 * sectorSize;

/** The disk as it is, with a footer. */
export function planFixedVhd({ identity, virtualSize, present }: PlanOptions): DiskLayout {
  return blocksLayout({
    literals: [{ at: virtualSize, bytes: footer({ identity, virtualSize, type: 'fixed' }) }],
    blocks: { at: 0, sizeBytes: virtualSize, indexes: [0] },
    present,
    fileSize: virtualSize + sectorSize,
  });
}

/** A dynamic disk: the footer's copy, the header, the table, blocks in the disk's order, the footer. */
export function planDynamicVhd({ identity, virtualSize, present }: PlanOptions): DiskLayout {
  const indexes = presentBlocks(present, blockSize);
  const entries = Math.ceil(virtualSize / blockSize);
  // The table takes whole sectors, and what no block has of it says the same.
  const table = Buffer.alloc(Math.ceil((entries * 4) / sectorSize) * sectorSize, 0xff);
  // A block is led by a bitmap of its sectors; all of them are in the file.
  const bitmap = Buffer.alloc(blockSize / sectorSize / 8, 0xff);
  const blocksAt = tableAt + table.length;
  const stride = bitmap.length + blockSize;
  indexes.forEach((block, index) => {
    table.writeUInt32BE((blocksAt + index * stride) / sectorSize, 4 * block);
  });
  const footerAt = blocksAt + indexes.length * stride;
  const bytes = footer({ identity, virtualSize, type: 'dynamic' });
  return blocksLayout({
    literals: [
      { at: 0, bytes },
      { at: headerAt, bytes: dynamicHeader(entries) },
      { at: tableAt, bytes: table },
      { at: footerAt, bytes },
    ],
    blocks: { at: blocksAt, sizeBytes: blockSize, lead: bitmap, indexes },
    present,
    fileSize: footerAt + sectorSize,
  });
}

interface Footer {
  readonly identity: Identity;
  readonly virtualSize: number;
  readonly type: keyof typeof diskType;
}

/**
 * "Hard Disk Footer Format". Which of the size and the geometry counts, readers decide by the creator, and some by the
 * largest geometry alone, which means the size: `qem2` stands for the size, and both together are what qemu-img writes
 * with `force_size`. So the disk has its exact size, whoever reads it.
 */
function footer({ identity, virtualSize, type }: Footer): Buffer {
  const bytes = Buffer.alloc(sectorSize);
  bytes.write('conectix', 0, 'latin1');
  bytes.writeUInt32BE(2, 8); // Features: the reserved bit, always set
  bytes.writeUInt32BE(0x00010000, 12); // File Format Version
  bytes.writeBigUInt64BE(type === 'fixed' ? 2n ** 64n - 1n : BigInt(headerAt), 16); // Data Offset
  bytes.writeUInt32BE(0, 24); // Time Stamp: the same in every run
  bytes.write('qem2', 28, 'latin1'); // Creator Application
  bytes.writeUInt32BE(0x00050003, 32); // Creator Version
  bytes.write('Wi2k', 36, 'latin1'); // Creator Host OS
  bytes.writeBigUInt64BE(BigInt(virtualSize), 40); // Original Size
  bytes.writeBigUInt64BE(BigInt(virtualSize), 48); // Current Size
  bytes.writeUInt16BE(65535, 56); // Disk Geometry: cylinders, heads, sectors per track
  bytes[58] = 16;
  bytes[59] = 255;
  bytes.writeUInt32BE(diskType[type], 60);
  uuidFrom(identity, type).copy(bytes, 68); // Unique Id
  bytes.writeUInt32BE(checksumOf(bytes), 64);
  return bytes;
}

/** "Dynamic Disk Header Format". */
function dynamicHeader(entries: number): Buffer {
  const bytes = Buffer.alloc(1024);
  bytes.write('cxsparse', 0, 'latin1');
  bytes.fill(0xff, 8, 16); // Data Offset
  bytes.writeBigUInt64BE(BigInt(tableAt), 16); // Table Offset
  bytes.writeUInt32BE(0x00010000, 24); // Header Version
  bytes.writeUInt32BE(entries, 28); // Max Table Entries
  bytes.writeUInt32BE(blockSize, 32);
  bytes.writeUInt32BE(checksumOf(bytes), 36);
  return bytes;
}

/** The one's complement of the sum of all bytes, the checksum's own as zeros. */
function checksumOf(bytes: Buffer): number {
  return ~bytes.reduce((sum, byte) => sum + byte, 0) >>> 0;
}
