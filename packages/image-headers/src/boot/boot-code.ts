import { type ByteSource, rangeSource } from '../byte-source.ts';
import { readMbr } from '../mbr.ts';
import type { Partition } from '../partition.ts';
import type { PartitionTable } from '../partition-table.ts';
import { findFile } from './fat-directory.ts';
import { openFat } from './fat-volume.ts';
import { readPeMachine } from './pe-machine.ts';

export type BootArchitecture = 'x86_64' | 'arm64';

/** A program at the place where UEFI firmware looks that knows nothing of the disk. */
export interface BootLoader {
  /** `\EFI\BOOT\BOOTX64.EFI`. */
  readonly path: string;
  /** Of the program itself; undefined where it is none, or one for another machine. */
  readonly machine?: BootArchitecture;
}

/** How a disk can be booted, as far as it can be seen without booting it. */
export interface BootCode {
  readonly hasEfiPartition: boolean;
  readonly loaders: readonly BootLoader[];
  /** Code that a BIOS runs: in the MBR, or in a partition made for it. */
  readonly bios?: 'boot code in the MBR' | 'a BIOS boot partition';
}

/** UEFI 2.10, 3.5.1.1: the names of the loaders on removable media, which is all that a fresh instance knows. */
const loaderNames = ['BOOTX64.EFI', 'BOOTAA64.EFI'] as const;

const efiPartitionTypes: readonly string[] = ['C12A7328-F81F-11D2-BA4B-00A0C93EC93B', 'ef'];
const biosPartitionType = '21686148-6449-6E6F-744E-656564454649';

/** One is what there should be; more than these are there to take time. */
const maxEfiPartitions = 8;

/** What of a disk {@link readBootCode} reads beside the partition table. */
export function efiPartitionsOf({ partitions }: Pick<PartitionTable, 'partitions'>): Partition[] {
  return partitions.filter(({ type }) => efiPartitionTypes.includes(type)).slice(0, maxEfiPartitions);
}

/** Reads a disk's own bytes; of a file system that is damaged or hostile no more than its directories may have. */
export async function readBootCode(
  disk: ByteSource,
  table: Pick<PartitionTable, 'partitions'>,
): Promise<BootCode> {
  const efiPartitions = efiPartitionsOf(table);
  const loaders: BootLoader[] = [];
  for (const { offset, size } of efiPartitions) {
    const volume = await openFat(rangeSource(disk, { offset, size }));
    if (!volume) continue;
    for (const name of loaderNames) {
      const file = await findFile(volume, ['EFI', 'BOOT', name]);
      if (!file) continue;
      const head = await volume.read(file.start, Math.min(file.sizeBytes, 4096));
      loaders.push({ path: `\\EFI\\BOOT\\${name}`, machine: readPeMachine(head) });
    }
  }
  const hasBiosPartition = table.partitions.some(({ type }) => type === biosPartitionType);
  const hasMbrCode = readMbr(await disk.read(0, 512))?.hasBootCode ?? false;
  return {
    hasEfiPartition: efiPartitions.length > 0,
    loaders,
    ...(hasMbrCode
      ? { bios: 'boot code in the MBR' }
      : hasBiosPartition && { bios: 'a BIOS boot partition' }),
  };
}
