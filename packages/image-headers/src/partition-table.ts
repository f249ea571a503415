import { crc32 } from 'node:zlib';
import type { ByteSource } from './byte-source.ts';

/** What stands at the beginning of a disk. */
export interface PartitionTable {
  readonly type: 'gpt' | 'mbr' | 'none';
  /** Of a GPT the size of the sectors it was made for; EC2 boots only from 512. */
  readonly sectorSize: 512 | 4096;
  readonly partitions: readonly Partition[];
  /**
   * How large the disk has to be for everything that the table speaks of, in bytes: its partitions, and of a GPT the backup header, which stands
   * in the last sector.
   */
  readonly endBytes: number;
}

export interface Partition {
  /** In bytes. */
  readonly offset: number;
  readonly size: number;
  /** MBR: the type byte in hex, such as `83`. GPT: the type GUID. */
  readonly type: string;
}

const none: PartitionTable = { type: 'none', sectorSize: 512, partitions: [], endBytes: 0 };
const sectorSizes = [512, 4096] as const;

/** How much of a disk's beginning {@link readPartitionTable} reads, at most. */
export const partitionTableBytes = 1024 ** 2;

/**
 * Reads a disk's own bytes (never an image format's): a GPT whose header checksum holds, or else an MBR.
 * A boot sector without any partition, as of a disk that is one file system, counts as `none`.
 */
export async function readPartitionTable(disk: ByteSource): Promise<PartitionTable> {
  const bootSector = await disk.read(0, 512);
  for (const sectorSize of sectorSizes) {
    const gpt = await readGpt(disk, sectorSize);
    if (!gpt) continue;
    const { partitions, backupEnd } = gpt;
    return { type: 'gpt', sectorSize, partitions, endBytes: Math.max(backupEnd, endOf(partitions)) };
  }
  const partitions = readMbr(bootSector);
  return partitions ? { type: 'mbr', sectorSize: 512, partitions, endBytes: endOf(partitions) } : none;
}

function endOf(partitions: readonly Partition[]): number {
  return Math.max(0, ...partitions.map(({ offset, size }) => offset + size));
}

/**
 * UEFI 2.10, 5.3.2: the header in sector 1, its own size at 12, its CRC at 16 (taken with that field as zeros), the sector of its backup at 32.
 */
async function readGpt(
  disk: ByteSource,
  sectorSize: 512 | 4096,
): Promise<{ partitions: Partition[]; backupEnd: number } | undefined> {
  const sector = await disk.read(sectorSize, sectorSize);
  if (sector.length < 512 || sector.toString('latin1', 0, 8) !== 'EFI PART') return undefined;
  const headerSize = sector.readUInt32LE(12);
  if (headerSize < 92 || headerSize > sector.length) return undefined;
  const header = Buffer.from(sector.subarray(0, headerSize));
  header.writeUInt32LE(0, 16);
  if (crc32(header) !== sector.readUInt32LE(16)) return undefined;

  const entrySize = header.readUInt32LE(84);
  const count = header.readUInt32LE(80);
  const offset = header.readBigUInt64LE(72) * BigInt(sectorSize);
  if (entrySize < 128 || entrySize > 4096 || count > 1024 || offset > BigInt(partitionTableBytes))
    return undefined;
  const entries = await disk.read(Number(offset), entrySize * count);
  if (entries.length < entrySize * count || crc32(entries) !== header.readUInt32LE(88)) return undefined;
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
  return { partitions, backupEnd: Number(header.readBigUInt64LE(32) + 1n) * sectorSize };
}

const mbrProtective = 0xee;

/** Four entries from byte 446 on, behind which 55 AA stands. Each is empty, or has a sane flag, a start and a length. */
function readMbr(sector: Buffer): Partition[] | undefined {
  if (sector.length < 512 || sector.readUInt16BE(510) !== 0x55aa) return undefined;
  const partitions: Partition[] = [];
  for (let at = 446; at < 510; at += 16) {
    const type = sector[at + 4]!;
    const [first, count] = [sector.readUInt32LE(at + 8), sector.readUInt32LE(at + 12)];
    if ((sector[at]! & 0x7f) !== 0) return undefined;
    if (type === 0 || count === 0) continue;
    // A protective entry without a valid GPT behind it protects nothing that can be booted.
    if (type === mbrProtective && first === 1) continue;
    partitions.push({ offset: first * 512, size: count * 512, type: type.toString(16).padStart(2, '0') });
  }
  return partitions.length > 0 ? partitions : undefined;
}

function guidOf(bytes: Buffer): string {
  const hex = (start: number, end: number) => bytes.toString('hex', start, end);
  const swapped = (start: number, end: number) =>
    Buffer.from(bytes.subarray(start, end)).reverse().toString('hex');
  return [swapped(0, 4), swapped(4, 6), swapped(6, 8), hex(8, 10), hex(10, 16)].join('-').toUpperCase();
}
