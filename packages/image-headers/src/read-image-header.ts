import type { ByteSource } from './byte-source.ts';
import { ImageHeaderError, truncated } from './errors.ts';
import { detectMagic, type ImageFormat, type Magic } from './magic.ts';
import { readQcow2Header } from './qcow2.ts';
import { readVhd, type VhdSizeRule } from './vhd.ts';
import { readVhdx } from './vhdx.ts';
import { sectorSize, virtualSizeOf } from './virtual-size.ts';
import { readVmdk } from './vmdk.ts';

export interface ImageHeader {
  readonly format: ImageFormat;
  /** In bytes, as qemu-img sees it: of a raw disk the file's size rounded up to whole 512-byte sectors. */
  readonly virtualSize: number;
  /** Of a VHD alone. Without it as `force_size_calc`, another version of a qemu tool may see another size. */
  readonly vhdSizeRule?: VhdSizeRule;
  /** Of VHD and VHDX alone, which compress nothing: bytes of data that the disk holds at most. */
  readonly maxDataBytes?: number;
}

/**
 * Reads an image's header and refuses what would make a reader leave the file, or what it cannot read right.
 * A file without any known signature is a raw disk.
 *
 * @throws ImageHeaderError
 */
export async function readImageHeader(source: ByteSource): Promise<ImageHeader> {
  const magic = await detectMagic(source);
  switch (magic.kind) {
    case 'disk':
      return readDisk(source, magic.format);
    case 'unknown':
      return readRaw(source);
    default:
      throw refusalOf(magic);
  }
}

async function readDisk(source: ByteSource, format: Exclude<ImageFormat, 'raw'>): Promise<ImageHeader> {
  if (format === 'vhd') {
    const { virtualSize, vhdSizeRule, maxDataBytes } = await readVhd(source);
    return { format, virtualSize, vhdSizeRule, maxDataBytes };
  }
  if (format === 'vhdx') {
    const { virtualSize, maxDataBytes } = await readVhdx(source);
    return { format, virtualSize, maxDataBytes };
  }
  return { format, virtualSize: (await readers[format](source)).virtualSize };
}

const readers = { qcow2: readQcow2Header, vmdk: readVmdk } as const;

function readRaw(source: ByteSource): ImageHeader {
  if (source.size < sectorSize) {
    throw new ImageHeaderError(
      'UNKNOWN_FORMAT',
      `the file has an unknown format and a size of ${source.size} bytes, which is too small for a disk`,
      {
        hint: 'Check the URL: it should lead to a disk image.',
        facts: { fileSize: source.size },
      },
    );
  }
  const sectors = BigInt(Math.ceil(source.size / sectorSize));
  return { format: 'raw', virtualSize: virtualSizeOf(sectors * BigInt(sectorSize)) };
}

/** Why a file with this signature is not read as a disk. */
export function refusalOf(magic: Exclude<Magic, { kind: 'disk' | 'unknown' }>): ImageHeaderError {
  switch (magic.kind) {
    case 'empty':
      return truncated('the file is empty', { fileSize: 0 });
    case 'compressed':
      return new ImageHeaderError('COMPRESSED_IMAGE', `the file is compressed with ${magic.compression}`, {
        hint: 'Decompress it first.',
        facts: { compression: magic.compression },
      });
    case 'archive':
      return new ImageHeaderError('UNSUPPORTED_FORMAT', `the file is a ${magic.archive} archive`, {
        hint: 'Unpack it by hand and import the disk image that it holds.',
        facts: { found: magic.archive },
      });
    case 'encrypted':
      return new ImageHeaderError('ENCRYPTED_IMAGE', `the file is a ${magic.name}`, {
        hint: 'Use an image that is not encrypted; EBS encrypts the snapshot itself.',
      });
    case 'foreign':
      return new ImageHeaderError(
        'UNSUPPORTED_FORMAT',
        `the file is a ${magic.name}, not a supported disk image`,
        {
          hint: 'Use a qcow2, raw, VMDK, VHD or VHDX image, alone, compressed with gzip, xz, zstd or bzip2, or in a tar, zip or OVA archive.',
          facts: { found: magic.name },
        },
      );
    case 'text':
      return refusalOfText(magic.text);
  }
}

function refusalOfText(text: Extract<Magic, { kind: 'text' }>['text']): ImageHeaderError {
  switch (text) {
    case 'html':
      return new ImageHeaderError('HTML_PAGE', 'the file is an HTML page, not a disk image', {
        hint: 'The server answered with a page, such as an error or a login: open the URL in a browser, then use the direct download URL.',
      });
    case 'vmdk-descriptor':
      return new ImageHeaderError(
        'VMDK_NOT_SELF_CONTAINED',
        'the file is a VMDK descriptor: a text that names other files as its disk',
        { hint: 'Use a monolithicSparse or streamOptimized VMDK, which holds the disk itself.' },
      );
    default:
      return new ImageHeaderError(
        'TEXT_FILE',
        `the file is ${text === 'xml' ? 'an XML document' : 'plain text'}, not a disk image`,
        {
          hint: 'The server may have answered with an error, or the URL leads to a checksum or signature file.',
        },
      );
  }
}
