import type { PartitionTable } from '@ec2-image/image-headers';
import { ConvertError } from './errors.ts';

export interface BootableOptions {
  /** Only report what would be refused. Default false. */
  readonly allowUnbootable?: boolean;
  /** In bytes; absent where it is not known yet. */
  readonly virtualSize?: number;
  readonly onNotice?: (message: string) => void;
}

/**
 * An instance boots from a partition table or a boot record, and EC2 itself checks none: a disk without one, or whose table
 * describes more than the disk has, becomes an AMI that does not start. (Linux ignores a GPT that reaches beyond the disk, and
 * mounts no file system that does.)
 *
 * @throws ConvertError `GPT_DAMAGED`, `NOT_BOOTABLE`, `PARTITION_BEYOND_DISK`
 */
export function requireBootable(table: PartitionTable, options: BootableOptions): void {
  const { allowUnbootable = false, virtualSize, onNotice } = options;
  for (const problem of [tableProblem(table), sizeProblem(table, virtualSize)]) {
    if (!problem) continue;
    if (!allowUnbootable) throw problem;
    onNotice?.(problem.message);
  }
  if (table.isUnread)
    onNotice?.('the partitions are not checked: their table lies beyond the first MiB of the disk');
}

function tableProblem({ type, sectorSize, damage }: PartitionTable): ConvertError | undefined {
  if (damage?.hasBackup) {
    return new ConvertError(
      'GPT_DAMAGED',
      `the disk's GPT is damaged: ${damage.what}; its backup at the end of the disk is whole`,
      {
        hint: 'Restore it from the backup, in a raw copy of the disk: `echo write | sfdisk COPY`. Linux does not boot from the backup alone; --allow-unbootable imports the disk as it is.',
        facts: { damage: damage.what },
      },
    );
  }
  if (type !== 'none' && sectorSize === 512) return undefined;
  return new ConvertError('NOT_BOOTABLE', notBootable({ type, sectorSize, damage }), {
    hint: 'Use a disk image, not a partition or a file system; --allow-unbootable imports it anyway.',
    facts: { partitionTable: type },
  });
}

function notBootable({
  type,
  sectorSize,
  damage,
}: Pick<PartitionTable, 'type' | 'sectorSize' | 'damage'>): string {
  if (type !== 'none') return `the disk's GPT is made for sectors of ${sectorSize} bytes, and EC2's have 512`;
  if (damage)
    return `the disk's GPT is damaged: ${damage.what}, and no whole backup is at the end of the disk`;
  return 'the disk has neither a GPT, nor an MBR with partitions, nor a boot record';
}

function sizeProblem(
  { type, partitions, endBytes }: PartitionTable,
  virtualSize: number | undefined,
): ConvertError | undefined {
  if (virtualSize === undefined || endBytes <= virtualSize) return undefined;
  const isPartition = partitions.some(({ offset, size }) => offset + size > virtualSize);
  return new ConvertError(
    'PARTITION_BEYOND_DISK',
    `${isPartition ? 'a partition' : 'the GPT, with its backup,'} ends at byte ${endBytes}, but the disk has ${virtualSize} bytes`,
    {
      hint: 'The end of the disk is missing: download the image again, or export the whole disk; --allow-unbootable imports it anyway.',
      facts: { partitionTable: type, endBytes, virtualSize },
    },
  );
}
