import { ExplainedError, type Explanation } from '@ec2-image/explained-error';
import { maxVirtualSize } from '@ec2-image/image-headers';

/** What inspecting, converting or comparing can end with, beside the refusals of `@ec2-image/image-headers`. */
export type ConvertErrorCode =
  | 'BZIP2_MISSING'
  | 'COMPARISON_FAILED'
  | 'CONVERSION_FAILED'
  | 'CORRUPT_ARCHIVE'
  | 'CORRUPT_COMPRESSION'
  | 'DECOMPRESSION_MEMORY'
  | 'DISK_DIFFERS'
  | 'DISK_TOO_LARGE'
  | 'GPT_DAMAGED'
  | 'IMAGE_NOT_READABLE'
  | 'NESTED_COMPRESSION'
  | 'NOT_BOOTABLE'
  | 'NO_DISK_INSIDE'
  | 'PARTITION_BEYOND_DISK'
  | 'PROGRAM_KILLED'
  | 'QEMU_IMG_MISSING'
  | 'SEVERAL_DISKS'
  | 'TRUNCATED_COMPRESSION'
  | 'UNSAFE_ARCHIVE'
  | 'WORK_DIRECTORY_FULL'
  | 'XZ_MISSING';

export class ConvertError extends ExplainedError {
  override name = 'ConvertError';
  declare readonly code: ConvertErrorCode;

  constructor(code: ConvertErrorCode, message: string, explanation: Explanation) {
    super(code, message, explanation);
  }
}

/** The same as programs say it. */
export const diskFullPattern = /No space left on device|Disk quota exceeded/;

/** ENOSPC or EDQUOT as node's file system calls report them. */
export function isDiskFull(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

export interface FullDirectory {
  readonly directory: string;
  readonly neededBytes?: number;
  readonly freeBytes?: number;
  readonly cause?: unknown;
}

export function workDirectoryFull({ cause, ...facts }: FullDirectory): ConvertError {
  const { directory, neededBytes, freeBytes } = facts;
  const counts = neededBytes === undefined ? '' : `: ${neededBytes} bytes are needed, ${freeBytes} are free`;
  return new ConvertError('WORK_DIRECTORY_FULL', `not enough space in ${directory}${counts}`, {
    hint: 'Free some space, or use another work directory (--work-dir).',
    cause,
    facts,
  });
}

/** Of the directory for temporary files, which `--work-dir` does not choose. */
export function temporaryDirectoryFull({ directory, cause }: FullDirectory): ConvertError {
  return new ConvertError('WORK_DIRECTORY_FULL', `not enough space for temporary files in ${directory}`, {
    hint: 'Free some space, or set TMPDIR to another directory.',
    cause,
    facts: { directory },
  });
}

/** An upper bound on the data that a hostile image may unfold to: 64 GiB. Its zeros take no room. */
export const defaultMaxDiskSize = 64 * 1024 ** 3;

export function diskTooLarge(facts: {
  /** Undefined where it was not counted to its end. */
  readonly dataBytes?: number;
  readonly maxDiskSize: number;
}): ConvertError {
  const { dataBytes, maxDiskSize } = facts;
  const what = dataBytes === undefined ? 'more data than' : `${dataBytes} bytes of data, above`;
  return new ConvertError('DISK_TOO_LARGE', `the disk holds ${what} the limit of ${maxDiskSize} bytes`, {
    hint: 'Raise the limit (--max-disk-size) if you trust the image.',
    facts,
  });
}

/** @throws ConvertError `DISK_TOO_LARGE` for a size in bytes that no EBS volume has */
export function requirePossibleSize(virtualSize: number): void {
  if (virtualSize <= maxVirtualSize) return;
  throw new ConvertError(
    'DISK_TOO_LARGE',
    `the disk has at least ${virtualSize} bytes, above the ${maxVirtualSize} of the largest EBS volume`,
    {
      hint: 'The image is corrupt or malicious; download it from another source.',
      facts: { virtualSize, maxVirtualSize },
    },
  );
}

/** Of a disk that was made from an image, and what QEMU reads in it. */
export function diskDiffers(how: string, facts: Readonly<Record<string, number>>): ConvertError {
  return new ConvertError('DISK_DIFFERS', `the converted disk differs from its source: ${how}`, {
    hint: 'Run the same command again; if it recurs, check the memory and the disk of this machine.',
    facts,
  });
}
