import { crc32 } from 'node:zlib';
import type { ByteSource } from './byte-source.ts';
import type { Partition } from './partition.ts';
import { maxVirtualSize } from './virtual-size.ts';

export type SectorSize = 512 | 4096;

/** A GPT whose checksums hold. */
export interface Gpt {
  readonly partitions: readonly Partition[];
  /** Behind the other header, in bytes: of the primary GPT's backup, which stands in the disk's last sector. */
  readonly otherEnd: number;
  /** The entries lie behind what can be read. */
  readonly isUnread: boolean;
}

/** A header is there, and this is wrong with it. */
export interface DamagedGpt {
  readonly damage: string;
}

/** 128 is what every tool makes; more than this is there to take memory. */
const maxEntries = 1024;
const maxEntryBytes = 4096;

/**
 * UEFI 2.10, 5.3.2: in the header its own size at 12, its CRC at 16 (taken with that field as zeros), the sector of
 * the other header at 32, that of the entries at 72.
 *
 * @returns undefined where there is no header at all
 */
export async function readGpt(
  disk: ByteSource,
  {
    at,
    sectorSize,
    isWhole,
  }: { readonly at: number; readonly sectorSize: SectorSize; readonly isWhole: boolean },
): Promise<Gpt | DamagedGpt | undefined> {
  const sector = await disk.read(at, sectorSize);
  if (sector.length < 512 || sector.toString('latin1', 0, 8) !== 'EFI PART') return undefined;
  const headerSize = sector.readUInt32LE(12);
  if (headerSize < 92 || headerSize > sector.length) return { damage: 'its header has a wrong size' };
  const header = Buffer.from(sector.subarray(0, headerSize));
  header.writeUInt32LE(0, 16);
  if (crc32(header) !== sector.readUInt32LE(16)) return { damage: 'the checksum of its header is wrong' };

  const otherEnd = Number(header.readBigUInt64LE(32) + 1n) * sectorSize;
  const entrySize = header.readUInt32LE(84);
  const count = header.readUInt32LE(80);
  if (entrySize < 128 || entrySize > maxEntryBytes || count > maxEntries) {
    return { damage: `it has ${count} entries of ${entrySize} bytes` };
  }
  const offset = header.readBigUInt64LE(72) * BigInt(sectorSize);
  const length = entrySize * count;
  const end = offset + BigInt(length);
  if (end > BigInt(disk.size)) {
    if (!isWhole && end <= BigInt(maxVirtualSize)) return { partitions: [], otherEnd, isUnread: true };
    return { damage: 'its entries lie beyond the end of the disk' };
  }
  const entries = await disk.read(Number(offset), length);
  if (entries.length < length || crc32(entries) !== header.readUInt32LE(88)) {
    return { damage: 'the checksum of its entries is wrong' };
  }
  return { partitions: partitionsIn(entries, { entrySize, sectorSize }), otherEnd, isUnread: false };
}

function partitionsIn(
  entries: Buffer,
  { entrySize, sectorSize }: { readonly entrySize: number; readonly sectorSize: SectorSize },
): Partition[] {
  const partitions: Partition[] = [];
  for (let at = 0; at < entries.length; at += entrySize) {
    const entry = entries.subarray(at, at + entrySize);
    const [first, last] = [entry.readBigUInt64LE(32), entry.readBigUInt64LE(40)];
    if (entry.subarray(0, 16).every((byte) => byte === 0) || last < first) continue;
    partitions.push({
      offset: Number(first) * sectorSize,
      size: Number(last - first + 1n) * sectorSize,
      type: guidOf(entry.subarray(0, 16)),
    });
  }
  return partitions;
}

function guidOf(bytes: Buffer): string {
  const hex = (start: number, end: number) => bytes.toString('hex', start, end);
  const swapped = (start: number, end: number) =>
    Buffer.from(bytes.subarray(start, end)).reverse().toString('hex');
  return [swapped(0, 4), swapped(4, 6), swapped(6, 8), hex(8, 10), hex(10, 16)].join('-').toUpperCase();
}
