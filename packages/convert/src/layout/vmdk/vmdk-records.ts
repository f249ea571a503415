import { type Identity, uuidFrom } from '../identity.ts';
import { sectorSize } from '../present.ts';

/** Names and numbers as in VMware's Virtual Disk Format 5.0, "Stream-Optimized Compressed Sparse Extents"; all fields are little-endian. */
export const grainBytes = 64 * 1024;
export const grainsPerTable = 512;
const grainSectors = grainBytes / sectorSize;
/** Grains begin where those of qemu-img do. */
const overheadSectors = 128;
const descriptorSectors = 20;
/** `GD_AT_END`: the grain directory is where the footer says. */
const atEnd = 2n ** 64n - 1n;
/** The test for line ends, compressed grains, markers. */
const flags = 0x30001;
const deflate = 1;

export interface VmdkDisk {
  readonly identity: Identity;
  /** In bytes, a multiple of 512. */
  readonly virtualSize: number;
}

/** What precedes the grains: the header and the descriptor. */
export function vmdkHead(disk: VmdkDisk): Buffer {
  const head = Buffer.alloc(overheadSectors * sectorSize);
  sparseHeader(disk.virtualSize, atEnd).copy(head);
  head.write(descriptor(disk), sectorSize, 'latin1');
  return head;
}

/** The header; the footer is one that knows the directory's sector. */
function sparseHeader(virtualSize: number, directory: bigint): Buffer {
  const header = Buffer.alloc(sectorSize);
  header.write('KDMV', 0, 'latin1');
  header.writeUInt32LE(3, 4); // version
  header.writeUInt32LE(flags, 8);
  header.writeBigUInt64LE(BigInt(virtualSize / sectorSize), 12); // capacity
  header.writeBigUInt64LE(BigInt(grainSectors), 20);
  header.writeBigUInt64LE(1n, 28); // descriptorOffset
  header.writeBigUInt64LE(BigInt(descriptorSectors), 36);
  header.writeUInt32LE(grainsPerTable, 44);
  header.writeBigUInt64LE(directory, 56);
  header.writeBigUInt64LE(BigInt(overheadSectors), 64);
  header.write('\n \r\n', 73, 'latin1'); // shows whether the file was transferred as text
  header.writeUInt16LE(deflate, 77);
  return header;
}

/** As qemu-img writes it. `CID` identifies the content. */
function descriptor({ identity, virtualSize }: VmdkDisk): string {
  const sectors = virtualSize / sectorSize;
  const [heads, sectorsPerTrack] = [16, 63];
  return `# Disk DescriptorFile
version=1
CID=${contentId(identity)}
parentCID=ffffffff
createType="streamOptimized"

# Extent description
RW ${sectors} SPARSE "disk.vmdk"

# The Disk Data Base
#DDB

ddb.virtualHWVersion = "4"
ddb.geometry.cylinders = "${Math.floor(sectors / (heads * sectorsPerTrack))}"
ddb.geometry.heads = "${heads}"
ddb.geometry.sectors = "${sectorsPerTrack}"
ddb.adapterType = "ide"
ddb.toolsVersion = "2147483647"
`;
}

/** Eight hex digits; the highest values mean that there is none. */
function contentId(identity: Identity): string {
  return (uuidFrom(identity, 'content').readUInt32LE(0) & 0x7fffffff).toString(16).padStart(8, '0');
}

const marker = { endOfStream: 0, grainTable: 1, grainDirectory: 2, footer: 3 };

/** A sector that says what follows, and how many sectors of it. */
function metadataMarker(type: keyof typeof marker, sectors: number): Buffer {
  const bytes = Buffer.alloc(sectorSize);
  bytes.writeBigUInt64LE(BigInt(sectors), 0);
  bytes.writeUInt32LE(marker[type], 12);
  return bytes;
}

/** In front of each grain's stream: its first sector on the disk, and the length of the stream. */
export const grainLeadBytes = 12;

/** Writes what is in front of a grain's stream of so many bytes. */
export function writeGrainLead(lead: Buffer, grain: number, streamBytes: number): void {
  lead.writeBigUInt64LE(BigInt(grain * grainSectors), 0);
  lead.writeUInt32LE(streamBytes, 8);
}

/** A table of sectors behind its marker. */
export function tableRecord(type: 'grainTable' | 'grainDirectory', entries: Uint32Array): Buffer {
  const table = Buffer.alloc(wholeSectors(4 * entries.length));
  entries.forEach((sector, index) => void table.writeUInt32LE(sector, 4 * index));
  return Buffer.concat([metadataMarker(type, table.length / sectorSize), table]);
}

/** The end of the file: the footer, and the marker that nothing follows. */
export function vmdkTail(virtualSize: number, directorySector: number): Buffer {
  return Buffer.concat([
    metadataMarker('footer', 1),
    sparseHeader(virtualSize, BigInt(directorySector)),
    metadataMarker('endOfStream', 0),
  ]);
}

/** Of 64 KiB that zlib deflates into more (its `compressBound`). */
const greatestStreamBytes = grainBytes + (grainBytes >> 12) + (grainBytes >> 14) + 13;

/** What the record of a grain has at most, in bytes. */
export const greatestRecordBytes = wholeSectors(grainLeadBytes + greatestStreamBytes);

/** What a file of so many grains and tables has at most, in bytes. */
export function greatestVmdkBytes({
  grains,
  tables,
}: {
  readonly grains: number;
  readonly tables: number;
}): number {
  const tableBytes = sectorSize + 4 * grainsPerTable;
  const directoryBytes = sectorSize + wholeSectors(4 * tables);
  const ends = overheadSectors * sectorSize + directoryBytes + 3 * sectorSize;
  return ends + grains * greatestRecordBytes + Math.min(grains, tables) * tableBytes;
}

function wholeSectors(bytes: number): number {
  return Math.ceil(bytes / sectorSize) * sectorSize;
}
