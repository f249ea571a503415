import { crc32c } from '@ec2-image/checksum';
import { type ByteSource, isInside, readSpan, requireInside } from './byte-source.ts';
import { corrupt, ImageHeaderError, truncated, unsupported } from './errors.ts';
import { virtualSizeOf } from './virtual-size.ts';

/** Names and numbers as in MS-VHDX; all fields are little-endian. */
const kib = 1024;
const headerOffsets = [64 * kib, 128 * kib] as const;
const headerLength = 4 * kib;
const regionTable = { offset: 192 * kib, length: 64 * kib, maxEntries: 2047 };
const metadataTable = { length: 64 * kib, maxEntries: 2047 };
const zeroGuid = '0'.repeat(32);
const region = {
  bat: guid('2DC27766-F623-4200-9D64-115E9BFD4A08'),
  metadata: guid('8B7CA206-4790-4B9A-B8FE-575F050F886E'),
};
const item = {
  fileParameters: guid('CAA16737-FA36-4D43-B3B6-33F0AA44E76B'),
  virtualDiskSize: guid('2FA54224-CD1B-4876-B211-5DBED83BF4B8'),
  logicalSectorSize: guid('8141BF1D-A96F-4709-BA47-F233A8FAAB5F'),
  parentLocator: guid('A8D35F2D-B30B-454D-ABF7-D3D84834AB0C'),
};
const hasParent = 2;
const maxBatBytes = 16 * 1024 ** 2;

export interface VhdxHeader {
  readonly virtualSize: number;
  readonly blockSize: number;
  /** Bytes of data that the disk holds at most; undefined where the allocation table is too large to read. */
  readonly maxDataBytes: number | undefined;
}

/** @throws ImageHeaderError */
export async function readVhdx(source: ByteSource): Promise<VhdxHeader> {
  requireInside(source, { offset: 0, length: 1024 * kib, what: 'the VHDX header section' });
  requireEmptyLog(await readActiveHeader(source));
  const regions = await readRegions(source);
  const metadata = regions.get(region.metadata);
  const bat = regions.get(region.bat);
  if (!metadata || !bat) throw corrupt('the VHDX has no block allocation table or no metadata');
  requireInside(source, { ...bat, what: 'the VHDX block allocation table' });

  const items = await readMetadata(source, metadata.offset);
  const parameters = await items.read(item.fileParameters, 8);
  if (items.has(item.parentLocator) || parameters.readUInt32LE(4) & hasParent) {
    throw new ImageHeaderError('DIFFERENCING_DISK', 'the VHDX holds only the changes to a parent disk', {
      hint: 'Merge it into its parent, or export the whole disk.',
    });
  }
  const sectorSize = (await items.read(item.logicalSectorSize, 4)).readUInt32LE(0);
  if (sectorSize !== 512)
    throw unsupported(`VHDX disks with sectors of ${sectorSize} bytes are not supported`);
  const blockSize = parameters.readUInt32LE(0);
  if (blockSize < 1024 * kib || blockSize > 256 * 1024 * kib || (blockSize & (blockSize - 1)) !== 0) {
    throw corrupt(`the VHDX block size ${blockSize} is not a power of two from 1 MiB to 256 MiB`);
  }
  const virtualSize = virtualSizeOf((await items.read(item.virtualDiskSize, 8)).readBigUInt64LE(0));
  if (virtualSize === 0 || virtualSize % sectorSize !== 0) {
    throw corrupt(`the VHDX's disk size ${virtualSize} is not a multiple of ${sectorSize}`);
  }
  if (BigInt(bat.length) / 8n < BigInt(Math.ceil(virtualSize / blockSize))) {
    throw corrupt(`the VHDX block allocation table is too short for a disk of ${virtualSize} bytes`);
  }
  await requireBlocks(source, bat, blockSize);
  return { virtualSize, blockSize, maxDataBytes: bat.length > maxBatBytes ? undefined : source.size };
}

const fullyPresent = 6;

/** Every block that is present ends inside the file, and they have room there side by side. Of an allocation table above 16 MiB only the beginning is read. */
async function requireBlocks(source: ByteSource, bat: Region, blockSize: number): Promise<void> {
  const table = await source.read(Number(bat.offset), Math.min(bat.length, maxBatBytes));
  let present = 0;
  for (let at = 0; at + 8 <= table.length; at += 8) {
    // The low half holds the state in its lowest three bits, and from bit 20 on the position in MiB begins.
    const low = table.readUInt32LE(at);
    if ((low & 7) !== fullyPresent) continue;
    const offset = table.readUInt32LE(at + 4) * 2 ** 32 + ((low & 0xfff00000) >>> 0);
    if (offset + blockSize > source.size) {
      throw truncated('a block of the VHDX lies beyond the end of the file', { fileSize: source.size });
    }
    present++;
    if (present * blockSize > source.size) throw corrupt('blocks of the VHDX stand at the same place');
  }
}

/** Of the two headers the valid one with the higher sequence number counts. */
async function readActiveHeader(source: ByteSource): Promise<Buffer> {
  const copies = await Promise.all(
    headerOffsets.map((offset) => readSpan(source, { offset, length: headerLength, what: 'a VHDX header' })),
  );
  const [first, second] = copies
    .filter(
      (copy) => copy.toString('latin1', 0, 4) === 'head' && copy.readUInt16LE(66) === 1 && hasValidCrc(copy),
    )
    .sort((a, b) => (a.readBigUInt64LE(8) > b.readBigUInt64LE(8) ? -1 : 1));
  if (!first) throw corrupt('the VHDX has no valid header');
  if (second && second.readBigUInt64LE(8) === first.readBigUInt64LE(8) && !second.equals(first)) {
    throw corrupt('the two VHDX headers contradict each other');
  }
  return first;
}

/** A log that is left means a crash of the writer: what it holds is not yet in the blocks, and only a writer can replay it. */
function requireEmptyLog(header: Buffer): void {
  if (header.toString('hex', 48, 64) === zeroGuid) return;
  throw new ImageHeaderError(
    'DIRTY_IMAGE',
    'the VHDX was not closed: changes in its log are not yet in the disk',
    {
      hint: 'Let the program that made it close it, or repair a copy with `qemu-img check -r all -f vhdx FILE`.',
    },
  );
}

interface Region {
  readonly offset: bigint;
  readonly length: number;
}

async function readRegions(source: ByteSource): Promise<Map<string, Region>> {
  const table = await readSpan(source, { ...regionTable, what: 'the VHDX region table' });
  const count = table.readUInt32LE(8);
  if (table.toString('latin1', 0, 4) !== 'regi' || !hasValidCrc(table) || count > regionTable.maxEntries) {
    throw corrupt('the VHDX region table is damaged');
  }
  const regions = new Map<string, Region>();
  for (let at = 16; at < 16 + count * 32; at += 32) {
    const id = table.toString('hex', at, at + 16);
    const isRequired = (table.readUInt32LE(at + 28) & 1) !== 0;
    if (regions.has(id)) throw corrupt('the VHDX region table names one region twice');
    if (isRequired && !Object.values(region).includes(id)) {
      throw unsupported('the VHDX has a required region that is not known');
    }
    regions.set(id, { offset: table.readBigUInt64LE(at + 16), length: table.readUInt32LE(at + 24) });
  }
  return regions;
}

async function readMetadata(source: ByteSource, base: bigint) {
  const table = await readSpan(source, {
    offset: base,
    length: metadataTable.length,
    what: 'the VHDX metadata table',
  });
  const count = table.readUInt16LE(10);
  if (table.toString('latin1', 0, 8) !== 'metadata' || count > metadataTable.maxEntries) {
    throw corrupt('the VHDX metadata table is damaged');
  }
  const offsets = new Map<string, number>();
  for (let at = 32; at < 32 + count * 32; at += 32) {
    const id = table.toString('hex', at, at + 16);
    if (offsets.has(id)) throw corrupt('the VHDX metadata table names one item twice');
    offsets.set(id, table.readUInt32LE(at + 16));
  }
  return {
    has: (id: string) => offsets.has(id),
    async read(id: string, length: number): Promise<Buffer> {
      const offset = offsets.get(id);
      if (offset === undefined) throw corrupt('the VHDX lacks a metadata item that every disk has');
      const span = { offset: base + BigInt(offset), length, what: 'a VHDX metadata item' };
      if (!isInside(source, span)) throw truncated('a VHDX metadata item lies outside the file');
      return readSpan(source, span);
    },
  };
}

/** The checksum is taken with its own field, bytes 4 to 7, as zeros. */
function hasValidCrc(structure: Buffer): boolean {
  const copy = Buffer.from(structure);
  copy.writeUInt32LE(0, 4);
  return crc32c(copy) === structure.readUInt32LE(4);
}

/** A GUID as its bytes stand on disk, in hex: the first three groups are little-endian. */
function guid(text: string): string {
  const [a, b, c, d, e] = text.toLowerCase().split('-') as [string, string, string, string, string];
  const swapped = [a, b, c].map((group) => Buffer.from(group, 'hex').reverse().toString('hex')).join('');
  return swapped + d + e;
}
