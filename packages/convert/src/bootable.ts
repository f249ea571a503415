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
 * An instance boots from a partition table, and EC2 itself checks none: a disk without one, or whose table describes more than the disk has, becomes an AMI
 * that does not start. (Linux ignores a GPT that reaches beyond the disk, and mounts no file system that does.)
 *
 * @throws ConvertError `NOT_BOOTABLE`, `PARTITION_BEYOND_DISK`
 */
export function requireBootable(table: PartitionTable, options: BootableOptions): void {
  const { allowUnbootable = false, virtualSize, onNotice } = options;
  for (const problem of [tableProblem(table), sizeProblem(table, virtualSize)]) {
    if (!problem) continue;
    if (!allowUnbootable) throw problem;
    onNotice?.(problem.message);
  }
}

function tableProblem({ type, sectorSize }: PartitionTable): ConvertError | undefined {
  if (type !== 'none' && sectorSize === 512) return undefined;
  return new ConvertError(
    'NOT_BOOTABLE',
    type === 'none'
      ? 'the disk has neither a GPT nor an MBR with partitions'
      : `the disk's GPT is made for sectors of ${sectorSize} bytes, and EC2's have 512`,
    {
      hint: 'Use a disk image, not a partition or a file system; --allow-unbootable imports it anyway.',
      facts: { partitionTable: type },
    },
  );
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
