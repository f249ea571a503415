import type { PartitionTable } from '@ec2-image/image-headers';
import { ConvertError } from './errors.ts';

export interface BootableOptions {
  readonly allowUnbootable?: boolean;
  /** In bytes; absent where it is not known yet. */
  readonly virtualSize?: number;
  readonly onNotice?: (message: string) => void;
}

/**
 * An instance boots from a partition table, and EC2 itself looks at none: a disk without one becomes an AMI that never
 * starts.
 *
 * @throws ConvertError `NOT_BOOTABLE`, `TRUNCATED_IMAGE`
 */
export function requireBootable(table: PartitionTable, options: BootableOptions): void {
  const { allowUnbootable = false, onNotice } = options;
  const why = unbootable(table);
  if (why && !allowUnbootable) {
    throw new ConvertError('NOT_BOOTABLE', why, {
      hint: 'Use a disk image, not a partition or a file system; --allow-unbootable imports it as it is.',
      facts: { partitionTable: table.type },
    });
  }
  if (why) onNotice?.(why);
  requireWhole(table, options);
}

function unbootable({ type, sectorSize }: PartitionTable): string | undefined {
  if (type === 'none') return 'the disk has neither a GPT nor an MBR with partitions';
  if (sectorSize !== 512)
    return `the disk's GPT is made for sectors of ${sectorSize} bytes, and EC2's have 512`;
  return undefined;
}

/** A GPT is exact; in an MBR, old tools have written ends that reach a little too far, but never a start. */
function requireWhole(
  { type, partitions }: PartitionTable,
  { virtualSize, onNotice }: BootableOptions,
): void {
  if (virtualSize === undefined) return;
  const beyond = partitions.filter(({ offset, size }) => offset + size > virtualSize);
  if (beyond.length === 0) return;
  const end = Math.max(...beyond.map(({ offset, size }) => offset + size));
  const message = `a partition ends at byte ${end}, but the disk has ${virtualSize} bytes`;
  if (type === 'gpt' || beyond.some(({ offset }) => offset >= virtualSize)) {
    throw new ConvertError('TRUNCATED_IMAGE', message, {
      hint: 'Download the image again and compare its checksum with the published one.',
      facts: { partitionEnd: end, virtualSize },
    });
  }
  onNotice?.(message);
}
