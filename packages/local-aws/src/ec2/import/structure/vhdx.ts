import { crc32c } from '@ec2-image/checksum';
import type { ByteSource } from '@ec2-image/image-headers';
import { areApart, isWithin, readStretch, requireIntact, type Stretch } from './intact.ts';
import { requireVhdxBlocks } from './vhdx-blocks.ts';
import { readVhdxMetadata } from './vhdx-metadata.ts';

/** Numbers as in MS-VHDX; all fields are little-endian. */
const kib = 1024;
const mib = 1024 * kib;

const headers = [64 * kib, 128 * kib].map((offset) => ({ offset, length: 4 * kib }));
const regionTables = [192 * kib, 256 * kib].map((offset) => ({ offset, length: 64 * kib }));
const batId = '6677c22d23f600429d64115e9bfd4a08';
const metadataId = '06a27c8b90479a4bb8fe575f050f886e';

/**
 * What `readImageHeader` does not read: the copies, the places of all parts, the flags of the metadata, every entry of the BAT. A
 * reader needs one copy of each. How EC2 takes a damaged one is not known, so that it is refused here.
 *
 * @throws ImportFailure
 */
export async function requireIntactVhdx(disk: ByteSource): Promise<void> {
  const [first, second] = await readCopies(disk, 'head', headers);
  const active = first!.readBigUInt64LE(8) > second!.readBigUInt64LE(8) ? first! : second!;
  const [regionTable, copy] = await readCopies(disk, 'regi', regionTables);
  requireIntact('VHDX', regionTable!.equals(copy!));
  const regions = regionsIn(regionTable!);
  const [bat, metadata] = [regions.get(batId), regions.get(metadataId)];
  requireIntact('VHDX', bat !== undefined && metadata !== undefined);
  const parts = [{ offset: 0, length: mib }, logOf(active), ...regions.values()];
  requireIntact('VHDX', disk.size % mib === 0);
  requireIntact('VHDX', parts.every((part) => isPart(part, disk.size)) && areApart(parts));
  await requireVhdxBlocks(disk, { ...(await readVhdxMetadata(disk, metadata)), bat, parts });
}

/** 2.2.2, 2.2.3: the structures that carry a CRC-32C, in bytes 4 to 7, which it takes as zeros. */
async function readCopies(
  disk: ByteSource,
  signature: string,
  places: readonly Stretch[],
): Promise<readonly Buffer[]> {
  const copies: Buffer[] = [];
  for (const place of places) {
    const copy = Buffer.from(await readStretch(disk, 'VHDX', place));
    const checksum = copy.readUInt32LE(4);
    copy.writeUInt32LE(0, 4);
    requireIntact('VHDX', copy.toString('latin1', 0, 4) === signature && crc32c(copy) === checksum);
    copies.push(copy);
  }
  return copies;
}

/** 2.2.2. */
function logOf(header: Buffer): Stretch {
  const [logVersion, version] = [header.readUInt16LE(64), header.readUInt16LE(66)];
  requireIntact('VHDX', logVersion === 0 && version === 1);
  return { offset: Number(header.readBigUInt64LE(72)), length: header.readUInt32LE(68) };
}

/** 2.2.3.2. */
function regionsIn(table: Buffer): Map<string, Stretch> {
  const regions = new Map<string, Stretch>();
  const end = 16 + table.readUInt32LE(8) * 32;
  for (let at = 16; at < end; at += 32) {
    regions.set(table.toString('hex', at, at + 16), {
      offset: Number(table.readBigUInt64LE(at + 16)),
      length: table.readUInt32LE(at + 24),
    });
  }
  return regions;
}

/** 2.1: every part begins and ends at a whole MiB, and so does the file. */
function isPart(part: Stretch, sizeBytes: number): boolean {
  return part.offset % mib === 0 && part.length % mib === 0 && part.length > 0 && isWithin(part, sizeBytes);
}
