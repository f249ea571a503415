import { type ByteSource, readSpan, requireInside } from './byte-source.ts';
import { corrupt, ImageHeaderError, truncated, unsupported } from './errors.ts';
import { sectorSize, virtualSizeOf } from './virtual-size.ts';

/** Names as in Microsoft's Virtual Hard Disk Image Format Specification 1.0; all fields are big-endian. */
const cookie = 'conectix';
const diskType = { fixed: 2, dynamic: 3, differencing: 4 };
/** 2040 GiB, the format's limit. */
const maxSectors = (2040n * 1024n ** 3n) / 512n;
/** The largest geometry, 65535 × 16 × 255: the disk is as large or larger, whoever made it. */
const maxGeometrySectors = 65535n * 16n * 255n;
/**
 * Programs that mean the geometry: Virtual PC, and QEMU before it wrote `qem2`. Every other one (Azure, Hyper-V, VirtualBox, VMware, XenServer …) means the
 * `current size`, of which its geometry is a whole number of cylinders below. The rule is QEMU's since version 10; earlier ones take the geometry
 * of programs they do not know, so the rule has to be stated to them.
 */
const sizedByGeometry = ['vpc ', 'qemu'];

/** What makes the size of a VHD's disk: values of QEMU's option `force_size_calc`. */
export type VhdSizeRule = 'current_size' | 'chs';

export interface VhdHeader {
  readonly virtualSize: number;
  readonly vhdSizeRule: VhdSizeRule;
  readonly type: 'fixed' | 'dynamic';
  /** Bytes of data that the disk holds at most; undefined where the allocation table is too large to read. */
  readonly maxDataBytes: number | undefined;
}

/** @throws ImageHeaderError */
export async function readVhd(source: ByteSource): Promise<VhdHeader> {
  const head = await readSpan(source, { offset: 0, length: sectorSize, what: 'the VHD header' });
  const footer = await readSpan(source, {
    offset: source.size - sectorSize,
    length: sectorSize,
    what: 'the VHD footer',
  });
  const isDynamic = hasCookie(head);
  if (!hasCookie(footer)) {
    throw truncated('the VHD has no footer at its end', { fileSize: source.size });
  }
  const [leading, trailing] = [isDynamic ? head : footer, footer].map((copy) => checkedFooter(copy));
  if (leading!.type === diskType.differencing || trailing!.type === diskType.differencing) {
    throw new ImageHeaderError('DIFFERENCING_DISK', 'the VHD holds only the changes to a parent disk', {
      hint: 'Merge it into its parent, or export the whole disk.',
    });
  }
  if (leading!.type !== (isDynamic ? diskType.dynamic : diskType.fixed)) {
    throw unsupported(
      `the VHD's type ${leading!.type} does not go with ${isDynamic ? 'a header' : 'no header'} at its start`,
    );
  }
  if (leading!.sectors > maxSectors)
    throw corrupt('the VHD header declares a disk above the limit of 2040 GiB of the format');
  const virtualSize = virtualSizeOf(leading!.sectors * BigInt(sectorSize));
  let maxDataBytes: number | undefined = source.size;
  if (isDynamic) maxDataBytes = await requireBlockTable(source, head, virtualSize);
  else if (virtualSize > source.size - sectorSize) {
    throw truncated(`the VHD's disk has ${virtualSize} bytes, but the file has ${source.size}`, {
      fileSize: source.size,
    });
  }
  return {
    virtualSize,
    vhdSizeRule: leading!.sizeRule,
    type: isDynamic ? 'dynamic' : 'fixed',
    maxDataBytes,
  };
}

function hasCookie(sector: Buffer): boolean {
  return sector.subarray(0, cookie.length).toString('latin1') === cookie;
}

function checkedFooter(footer: Buffer) {
  const stored = footer.readUInt32BE(64);
  const sum = footer.reduce((total, byte, at) => (at >= 64 && at < 68 ? total : total + byte), 0);
  if (~sum >>> 0 !== stored) throw corrupt("the VHD footer's checksum is wrong");
  const geometry = BigInt(footer.readUInt16BE(56)) * BigInt(footer[58]!) * BigInt(footer[59]!);
  const creator = footer.toString('latin1', 28, 32);
  const sizeRule: VhdSizeRule = sizedByGeometry.includes(creator) ? 'chs' : 'current_size';
  const byGeometry = sizeRule === 'chs' && geometry !== maxGeometrySectors;
  return {
    type: footer.readUInt32BE(60),
    sizeRule,
    sectors: byGeometry ? geometry : footer.readBigUInt64BE(48) / BigInt(sectorSize),
  };
}

/** A table for the format's largest disk in its usual blocks of 2 MiB takes 4 MiB. */
const maxTableBytes = 16 * 1024 ** 2;
const absentBlock = 0xffffffff;

/**
 * The dynamic header and its block allocation table stand in the file and cover the disk, and the blocks have room in
 * the file side by side.
 *
 * @returns bytes of data that the disk holds at most; undefined where the table is too large to read
 */
async function requireBlockTable(
  source: ByteSource,
  footer: Buffer,
  virtualSize: number,
): Promise<number | undefined> {
  const header = await readSpan(source, {
    offset: footer.readBigUInt64BE(16),
    length: 1024,
    what: 'the VHD dynamic disk header',
  });
  if (header.toString('latin1', 0, 8) !== 'cxsparse') throw corrupt('the VHD has no dynamic disk header');
  const entries = header.readUInt32BE(28);
  const blockSize = header.readUInt32BE(32);
  if (blockSize < sectorSize || (blockSize & (blockSize - 1)) !== 0) {
    throw corrupt(`the VHD block size ${blockSize} is not a power of two from ${sectorSize} on`);
  }
  if (entries * blockSize < virtualSize) {
    throw corrupt(`the VHD's ${entries} blocks of ${blockSize} bytes do not cover its ${virtualSize} bytes`);
  }
  const span = {
    offset: header.readBigUInt64BE(16),
    length: entries * 4,
    what: 'the VHD block allocation table',
  };
  requireInside(source, span);
  if (span.length > maxTableBytes) return undefined;
  const table = await readSpan(source, span);
  let present = 0;
  for (let at = 0; at < table.length; at += 4) if (table.readUInt32BE(at) !== absentBlock) present++;
  if (present * blockSize > source.size) throw corrupt('blocks of the VHD stand at the same place');
  return source.size;
}
