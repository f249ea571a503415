import { crc32 } from 'node:zlib';

export interface GptOptions {
  readonly sectorSize?: 512 | 4096;
  readonly partitions?: readonly { readonly first: bigint; readonly last: bigint }[];
  readonly protectiveMbr?: boolean;
  readonly entrySize?: number;
  readonly entryCount?: number;
  readonly entriesSector?: bigint;
  readonly backupSector?: bigint;
  /** Changed after the checksums are made. */
  readonly damage?: readonly number[];
}

export const linuxFilesystem = 'AF3DC60F838472478E793D69D8477DE4';

/** The first MiB of a disk with a GPT. */
export function buildGpt(options: GptOptions = {}): Buffer {
  const { sectorSize = 512, partitions = [{ first: 2048n, last: 4095n }] } = options;
  const { entrySize = 128, entryCount = 128, entriesSector = 2n, protectiveMbr = true } = options;
  const disk = Buffer.alloc(1024 ** 2);
  if (protectiveMbr) mbrEntry(disk, 0, { type: 0xee, first: 1, count: 0xffffffff });
  const entries = Buffer.alloc(Math.min(entrySize * entryCount, 1024 ** 2));
  partitions.forEach(({ first, last }, index) => {
    entries.write(linuxFilesystem, index * entrySize, 'hex');
    entries.write('11'.repeat(16), index * entrySize + 16, 'hex');
    entries.writeBigUInt64LE(first, index * entrySize + 32);
    entries.writeBigUInt64LE(last, index * entrySize + 40);
  });
  const header = Buffer.alloc(92);
  header.write('EFI PART', 'latin1');
  header.writeUInt32LE(0x10000, 8);
  header.writeUInt32LE(92, 12);
  header.writeBigUInt64LE(1n, 24);
  header.writeBigUInt64LE(options.backupSector ?? 0n, 32);
  header.writeBigUInt64LE(entriesSector, 72);
  header.writeUInt32LE(entryCount, 80);
  header.writeUInt32LE(entrySize, 84);
  header.writeUInt32LE(crc32(entries), 88);
  header.writeUInt32LE(crc32(header), 16);
  header.copy(disk, sectorSize);
  entries.copy(disk, Math.min(Number(entriesSector) * sectorSize, disk.length));
  for (const at of options.damage ?? []) disk[at]! ^= 1;
  return disk;
}

/** A MiB that ends a disk of two: the entries, and the header in its last sector. */
export function buildBackupGpt(): Buffer {
  const sectorsBefore = 2048n;
  const primary = buildGpt({
    partitions: [{ first: 2048n, last: 3071n }],
    entriesSector: sectorsBefore + 1024n,
  });
  const backup = Buffer.alloc(1024 ** 2);
  buildGpt({ partitions: [{ first: 2048n, last: 3071n }] }).copy(backup, 1024 * 512, 1024, 1024 + 128 * 128);
  primary.copy(backup, backup.length - 512, 512, 1024);
  return backup;
}

export interface MbrEntry {
  readonly type: number;
  readonly first: number;
  readonly count: number;
  readonly flag?: number;
}

export function buildMbr(entries: readonly MbrEntry[], size = 1024 ** 2): Buffer {
  const disk = Buffer.alloc(size);
  disk.writeUInt16BE(0x55aa, 510);
  entries.forEach((entry, index) => {
    mbrEntry(disk, index, entry);
  });
  return disk;
}

function mbrEntry(disk: Buffer, index: number, { type, first, count, flag = 0 }: MbrEntry): void {
  const at = 446 + index * 16;
  disk[at] = flag;
  disk[at + 4] = type;
  disk.writeUInt32LE(first, at + 8);
  disk.writeUInt32LE(count, at + 12);
  disk.writeUInt16BE(0x55aa, 510);
}
