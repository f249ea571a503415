import type { ByteSource } from '@ec2-image/image-headers';
import { areApart, isWithin, readInChunks, readStretch, requireIntact, type Stretch } from './intact.ts';

/** Names as in Microsoft's Virtual Hard Disk Image Format Specification 1.0; all fields are big-endian. */
const sectorBytes = 512;
const headerBytes = 1024;
const absent = 0xffffffff;
const zeros = Buffer.alloc(sectorBytes);

/**
 * What `readImageHeader` does not read: that the footer and its copy agree, the checksum of the dynamic header, the place
 * of every block.
 *
 * @throws ImportFailure
 */
export async function requireIntactVhd(disk: ByteSource): Promise<void> {
  const head = await readStretch(disk, 'VHD', { offset: 0, length: sectorBytes });
  const footer = await readStretch(disk, 'VHD', { offset: disk.size - sectorBytes, length: sectorBytes });
  const majorVersion = footer.readUInt16BE(12);
  const currentSize = Number(footer.readBigUInt64BE(48));
  requireIntact('VHD', majorVersion === 1 && currentSize > 0 && currentSize % sectorBytes === 0);
  const isDynamic = head.toString('latin1', 0, 8) === 'conectix';
  if (!isDynamic) return requireIntact('VHD', disk.size === currentSize + sectorBytes);
  requireIntact('VHD', head.equals(footer));
  await requireBlocks(disk, { headerAt: Number(footer.readBigUInt64BE(16)), currentSize });
}

async function requireBlocks(
  disk: ByteSource,
  { headerAt, currentSize }: { readonly headerAt: number; readonly currentSize: number },
): Promise<void> {
  const headerPlace = { offset: headerAt, length: headerBytes };
  const header = await readStretch(disk, 'VHD', headerPlace);
  requireIntact('VHD', header.toString('latin1', 0, 8) === 'cxsparse' && hasValidChecksum(header));
  const majorVersion = header.readUInt16BE(24);
  const entries = header.readUInt32BE(28);
  const blockBytes = header.readUInt32BE(32);
  requireIntact('VHD', majorVersion === 1 && entries * blockBytes >= currentSize);
  const table = { offset: Number(header.readBigUInt64BE(16)), length: entries * 4 };
  const bitmapBytes = wholeSectors(blockBytes / sectorBytes / 8);
  const starts = await blockStarts(disk, table, bitmapBytes + blockBytes);
  const footers = [0, disk.size - sectorBytes].map((offset) => ({ offset, length: sectorBytes }));
  const tablePlace = { ...table, length: wholeSectors(table.length) };
  requireIntact(
    'VHD',
    areApart([...footers, headerPlace, tablePlace], { starts, length: bitmapBytes + blockBytes }),
  );
  for (const offset of starts) await requireOneReading(disk, { offset, bitmapBytes, blockBytes });
}

/** Where the bitmaps of all blocks that are present begin, in bytes. */
async function blockStarts(disk: ByteSource, table: Stretch, length: number): Promise<number[]> {
  const starts: number[] = [];
  for await (const chunk of readInChunks(disk, 'VHD', table)) {
    for (let at = 0; at < chunk.length; at += 4) {
      const sector = chunk.readUInt32BE(at);
      if (sector === absent) continue;
      const offset = sector * sectorBytes;
      requireIntact('VHD', isWithin({ offset, length }, disk.size) && starts.length * length < disk.size);
      starts.push(offset);
    }
  }
  return starts;
}

/**
 * A sector whose bit is clear reads as zeros by the specification, and as what stands there by QEMU. What EC2 does is not
 * known, so that both have to be the same.
 */
async function requireOneReading(
  disk: ByteSource,
  {
    offset,
    bitmapBytes,
    blockBytes,
  }: { readonly offset: number; readonly bitmapBytes: number; readonly blockBytes: number },
): Promise<void> {
  const bitmap = await readStretch(disk, 'VHD', { offset, length: bitmapBytes });
  if (bitmap.subarray(0, blockBytes / sectorBytes / 8).every((byte) => byte === 0xff)) return;
  let sector = 0;
  for await (const chunk of readInChunks(disk, 'VHD', { offset: offset + bitmapBytes, length: blockBytes })) {
    for (let at = 0; at < chunk.length; at += sectorBytes, sector += 1) {
      const isWritten = (bitmap[sector >> 3]! & (0x80 >> (sector & 7))) !== 0;
      requireIntact('VHD', isWritten || chunk.compare(zeros, 0, sectorBytes, at, at + sectorBytes) === 0);
    }
  }
}

/** The one's complement of the sum of all bytes, the checksum's own as zeros. */
function hasValidChecksum(header: Buffer): boolean {
  const sum = header.reduce((total, byte, at) => (at >= 36 && at < 40 ? total : total + byte), 0);
  return ~sum >>> 0 === header.readUInt32BE(36);
}

function wholeSectors(bytes: number): number {
  return Math.ceil(bytes / sectorBytes) * sectorBytes;
}
