import type { ByteSource } from './byte-source.ts';
import { type DamagedGpt, type Gpt, readGpt, type SectorSize } from './gpt.ts';
import { readMbr } from './mbr.ts';
import type { Partition } from './partition.ts';

/** What stands at the beginning of a disk. */
export interface PartitionTable {
  /** `boot-record`: no partitions, but code that a BIOS would run, as on a disk that is one file system. */
  readonly type: 'gpt' | 'mbr' | 'boot-record' | 'none';
  /** Of a GPT the size of the sectors it was made for; EC2 boots only from 512. */
  readonly sectorSize: SectorSize;
  readonly partitions: readonly Partition[];
  /**
   * How large the disk has to be for everything that the table speaks of, in bytes: its partitions, and of a GPT the
   * backup header, which stands in the last sector.
   */
  readonly endBytes: number;
  /** What is wrong with the GPT. Absent where nothing is, or where there is none. */
  readonly damage?: {
    readonly what: string;
    /** Whether the backup at the end of the disk is whole: then `partitions` are its. */
    readonly hasBackup: boolean;
  };
  /** The partitions lie behind what can be read, so that nothing is known of them. */
  readonly isUnread?: boolean;
}

const sectorSizes = [512, 4096] as const;

/** How much of a disk's beginning {@link readPartitionTable} reads, unless the table itself stands further behind. */
export const partitionTableBytes = 1024 ** 2;

/**
 * Reads a disk's own bytes (never an image format's): a GPT whose checksums hold, or else an MBR, or else the backup
 * of a damaged GPT.
 *
 * @param options.isWhole false where `disk` is only a disk's beginning. Default true.
 */
export async function readPartitionTable(
  disk: ByteSource,
  { isWhole = true }: { readonly isWhole?: boolean } = {},
): Promise<PartitionTable> {
  const mbr = readMbr(await disk.read(0, 512));
  let damage: string | undefined;
  for (const sectorSize of sectorSizes) {
    const gpt = await readGpt(disk, { at: sectorSize, sectorSize, isWhole });
    if (isGood(gpt)) return tableOf(gpt, { sectorSize, headerEnd: gpt.otherEnd });
    damage ??= gpt?.damage;
  }
  const { partitions = [], isProtective = false, hasBootCode = false } = mbr ?? {};
  if (partitions.length > 0) return { type: 'mbr', sectorSize: 512, partitions, endBytes: endOf(partitions) };
  if (damage === undefined && !isProtective) {
    return { type: hasBootCode ? 'boot-record' : 'none', sectorSize: 512, partitions, endBytes: 0 };
  }
  const what = damage ?? 'there is none behind the protective MBR';
  const backup = isWhole ? await readBackup(disk) : undefined;
  if (backup) return { ...backup, damage: { what, hasBackup: true } };
  return { type: 'none', sectorSize: 512, partitions: [], endBytes: 0, damage: { what, hasBackup: false } };
}

async function readBackup(disk: ByteSource): Promise<PartitionTable | undefined> {
  for (const sectorSize of sectorSizes) {
    const at = disk.size - sectorSize;
    const gpt = at > sectorSize ? await readGpt(disk, { at, sectorSize, isWhole: true }) : undefined;
    if (isGood(gpt)) return tableOf(gpt, { sectorSize, headerEnd: disk.size });
  }
  return undefined;
}

function isGood(gpt: Gpt | DamagedGpt | undefined): gpt is Gpt {
  return gpt !== undefined && !('damage' in gpt);
}

function tableOf(
  { partitions, isUnread }: Gpt,
  { sectorSize, headerEnd }: { readonly sectorSize: SectorSize; readonly headerEnd: number },
): PartitionTable {
  const endBytes = Math.max(headerEnd, endOf(partitions));
  return { type: 'gpt', sectorSize, partitions, endBytes, ...(isUnread && { isUnread }) };
}

function endOf(partitions: readonly Partition[]): number {
  return Math.max(0, ...partitions.map(({ offset, size }) => offset + size));
}
