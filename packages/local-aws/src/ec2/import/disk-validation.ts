import { createChecksum } from '@ec2-image/checksum';
import {
  type ByteSource,
  ImageHeaderError,
  readImageHeader,
  type VhdSizeRule,
} from '@ec2-image/image-headers';
import { type ImportFailure, validationFailure } from './import-failure.ts';
import type { DiskFormat } from './import-task.ts';

export interface ValidDisk {
  readonly format: DiskFormat;
  readonly virtualSizeBytes: number;
  /** Of a VHD. */
  readonly vhdSizeRule?: VhdSizeRule;
}

const names = { vhd: 'VHD', vhdx: 'VHDX', vmdk: 'VMDK' } as const;

/** EBS's largest volume. */
const maxVolumeBytes = 64 * 1024 ** 4;

/**
 * What EC2 checks before it converts. RAW is believed whatever the bytes are; of the others the file has to be what
 * it was called, and no reader of it may be led to another file.
 *
 * @throws ImportFailure
 */
export async function validateDisk(disk: ByteSource, declared: DiskFormat | undefined): Promise<ValidDisk> {
  if (disk.size === 0) throw validationFailure('The disk is empty');
  const valid =
    declared === 'RAW'
      ? { format: declared, virtualSizeBytes: disk.size }
      : await validateHeader(disk, declared);
  if (valid.virtualSizeBytes > maxVolumeBytes)
    throw validationFailure('The disk is larger than a volume can be');
  return valid;
}

async function validateHeader(disk: ByteSource, declared: DiskFormat | undefined): Promise<ValidDisk> {
  const header = await readImageHeader(disk).catch((error: unknown) => {
    throw error instanceof ImageHeaderError ? unsupported(declared) : error;
  });
  if (header.format === 'raw' && declared === undefined)
    return { format: 'RAW', virtualSizeBytes: disk.size };
  if (header.format === 'raw' || header.format === 'qcow2') throw unsupported(declared);
  const format = names[header.format];
  if (declared !== undefined && declared !== format) throw unsupported(declared);
  if (format === 'VMDK' && !(await isStreamOptimized(disk))) throw unsupported('VMDK');
  if (format === 'VHDX') await requireWholeVhdx(disk);
  return { format, virtualSizeBytes: header.virtualSize, vhdSizeRule: header.vhdSizeRule };
}

/** The structures of a VHDX that carry a CRC-32C, by MS-VHDX: each is there twice. */
const vhdxStructures = [
  { signature: 'head', offset: 64 * 1024, length: 4 * 1024 },
  { signature: 'head', offset: 128 * 1024, length: 4 * 1024 },
  { signature: 'regi', offset: 192 * 1024, length: 64 * 1024 },
  { signature: 'regi', offset: 256 * 1024, length: 64 * 1024 },
] as const;

/** A reader needs one of each. How EC2 takes a damaged copy is not known, so that it is refused here. */
async function requireWholeVhdx(disk: ByteSource): Promise<void> {
  for (const { signature, offset, length } of vhdxStructures) {
    const structure = Buffer.from(await disk.read(offset, length));
    const isWhole = structure.length === length && structure.toString('latin1', 0, 4) === signature;
    if (!isWhole || !hasValidCrc(structure)) throw validationFailure('The VHDX disk is damaged');
  }
}

/** The checksum is taken with its own field, bytes 4 to 7, as zeros. */
function hasValidCrc(structure: Buffer): boolean {
  const expected = structure.readUInt32LE(4);
  structure.writeUInt32LE(0, 4);
  const checksum = createChecksum('CRC32C');
  checksum.update(structure);
  return Buffer.from(checksum.digest(), 'base64').readUInt32BE(0) === expected;
}

function unsupported(declared: DiskFormat | undefined): ImportFailure {
  return validationFailure(
    declared === 'VMDK' ? 'Unsupported VMDK File Format' : 'Unsupported specified file format',
  );
}

/** `compressAlgorithm` of the sparse extent's header, in VMware's Virtual Disk Format 5.0: only such VMDKs are taken. */
async function isStreamOptimized(disk: ByteSource): Promise<boolean> {
  const deflate = 1;
  return (await disk.read(77, 2)).readUInt16LE(0) === deflate;
}
