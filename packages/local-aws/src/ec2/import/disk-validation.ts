import {
  type ByteSource,
  ImageHeaderError,
  readImageHeader,
  type VhdSizeRule,
} from '@ec2-image/image-headers';
import { type ImportFailure, validationFailure } from './import-failure.ts';
import type { DiskFormat } from './import-task.ts';
import { requireIntactVhd } from './structure/vhd.ts';
import { requireIntactVhdx } from './structure/vhdx.ts';
import { VmdkStream } from './structure/vmdk-stream.ts';

export interface ValidDisk {
  readonly format: DiskFormat;
  readonly virtualSizeBytes: number;
  /** Of a VHD. */
  readonly vhdSizeRule?: VhdSizeRule;
  /** Of a VMDK: what it has to be given as it is copied. */
  readonly stream?: VmdkStream;
}

const names = { vhd: 'VHD', vhdx: 'VHDX', vmdk: 'VMDK' } as const;

/** EBS's largest volume. */
const maxVolumeBytes = 64 * 1024 ** 4;

/**
 * What EC2 checks before it converts. RAW is believed whatever the bytes are; of the others the file has to be what
 * it was called, undamaged as far as its structures tell, and no reader of it may be led to another file.
 *
 * @throws ImportFailure, or the signal's reason
 */
export async function validateDisk(
  object: ByteSource,
  declared: DiskFormat | undefined,
  signal: AbortSignal,
): Promise<ValidDisk> {
  const disk = untilAborted(object, signal);
  if (disk.size === 0) throw validationFailure('The disk is empty');
  const valid =
    declared === 'RAW'
      ? { format: declared, virtualSizeBytes: disk.size }
      : await validateHeader(disk, declared);
  if (valid.virtualSizeBytes > maxVolumeBytes)
    throw validationFailure('The disk is larger than a volume can be');
  return valid;
}

function untilAborted(source: ByteSource, signal: AbortSignal): ByteSource {
  return {
    size: source.size,
    async read(offset, length) {
      signal.throwIfAborted();
      return source.read(offset, length);
    },
  };
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
  const valid = { format, virtualSizeBytes: header.virtualSize, vhdSizeRule: header.vhdSizeRule };
  if (format === 'VMDK') {
    if (!(await isStreamOptimized(disk))) throw unsupported('VMDK');
    return { ...valid, stream: await VmdkStream.open(disk) };
  }
  await (format === 'VHD' ? requireIntactVhd(disk) : requireIntactVhdx(disk));
  return valid;
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
