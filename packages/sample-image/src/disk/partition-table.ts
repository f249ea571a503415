import { SampleImageError } from '../errors.ts';
import { runTool } from '../run-tool.ts';
import type { Keystream } from './keystream.ts';

export interface Partition {
  readonly name: string;
  /** GUID of its type, in upper case. */
  readonly type: string;
  readonly startBytes: number;
  readonly sizeBytes: number;
}

const sectorBytes = 512;
const mebibyte = 2 ** 20;
/** UEFI 2.10, section 5.3.1: the header and 128 entries of 128 bytes, and their backup at the end. */
const backupTableBytes = 33 * sectorBytes;

/** A BIOS boot partition, an EFI one on request, and a root: the types of the UAPI group's discoverable partitions, and GRUB's own for the first. */
const biosBootType = '21686148-6449-6E6F-744E-656564454649';
const efiSystemType = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B';
const linuxRootX8664Type = '4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709';

/** @throws SampleImageError `INVALID_DISK_SIZE` */
export function planPartitions(
  sizeBytes: number,
  { efiBytes = 0 }: { readonly efiBytes?: number } = {},
): readonly [root: Partition, ...first: Partition[]] {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes % sectorBytes !== 0 || sizeBytes < 8 * mebibyte) {
    throw new SampleImageError('INVALID_DISK_SIZE', `a disk of ${sizeBytes} bytes cannot be made`, {
      hint: 'Use a multiple of 512 bytes, at least 8 MiB.',
      facts: { sizeBytes },
    });
  }
  const efiStart = 2 * mebibyte;
  const rootStart = efiStart + efiBytes;
  const rootEnd = Math.floor((sizeBytes - backupTableBytes) / mebibyte) * mebibyte;
  const efi = { name: 'efi', type: efiSystemType, startBytes: efiStart, sizeBytes: efiBytes };
  return [
    { name: 'root', type: linuxRootX8664Type, startBytes: rootStart, sizeBytes: rootEnd - rootStart },
    { name: 'bios-boot', type: biosBootType, startBytes: mebibyte, sizeBytes: mebibyte },
    ...(efiBytes > 0 ? [efi] : []),
  ];
}

/** Writes a GPT with its protective MBR and its backup at the end into the file `path`, which has its full size. */
export async function writePartitionTable({
  path,
  partitions,
  random,
  signal,
}: {
  readonly path: string;
  readonly partitions: readonly Partition[];
  readonly random: Keystream;
  readonly signal?: AbortSignal;
}): Promise<void> {
  const rows = partitions.map(({ name, type, startBytes, sizeBytes }) =>
    [
      `start=${startBytes / sectorBytes}`,
      `size=${sizeBytes / sectorBytes}`,
      `type=${type}`,
      `uuid=${random.uuid()}`,
      `name="${name}"`,
    ].join(', '),
  );
  await runTool('sfdisk', {
    args: ['--quiet', '--no-reread', '--no-tell-kernel', path],
    input: ['label: gpt', `label-id: ${random.uuid()}`, ...rows, ''].join('\n'),
    signal,
  });
}
