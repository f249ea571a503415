import { crc32c } from '@ec2-image/checksum';
import { converterVersion } from './converter-version.ts';
import { guidBytes, type Identity, uuidFrom } from './identity.ts';
import type { Literal } from './layout.ts';
import { sectorSize } from './present.ts';

/** Sections of MS-VHDX; all fields are little-endian, and what is not written here is zeros. */
const kib = 1024;

/** 2.1: every region begins and ends at a whole MiB. */
interface Region {
  readonly at: number;
  readonly length: number;
}

export interface VhdxHead {
  readonly identity: Identity;
  readonly virtualSize: number;
  readonly blockSize: number;
  readonly log: Region;
  readonly bat: Region;
  readonly metadata: Region;
}

/** Everything before the blocks but the BAT, in the order of the file where that stands before the metadata. */
export function vhdxHead(head: VhdxHead): { readonly header: Literal[]; readonly metadata: Literal[] } {
  return {
    header: [
      { at: 0, bytes: fileIdentifier(head) },
      // 2.2.2: the header with the higher number counts; the other one is there should writing it be interrupted.
      { at: 64 * kib, bytes: header(head, 1n) },
      { at: 128 * kib, bytes: header(head, 2n) },
      { at: 192 * kib, bytes: regionTable(head) },
      { at: 256 * kib, bytes: regionTable(head) },
    ],
    metadata: metadata(head),
  };
}

/** 2.2.1: the signature, and who made the file in UTF-16. */
function fileIdentifier({ identity }: VhdxHead): Buffer {
  return Buffer.concat([Buffer.from('vhdxfile'), Buffer.from(converterVersion(identity.format), 'utf16le')]);
}

/** 2.2.2. A LogGuid of zeros: the log holds nothing to replay. */
function header({ identity, log }: VhdxHead, sequenceNumber: bigint): Buffer {
  const bytes = Buffer.alloc(4 * kib);
  bytes.write('head', 0, 'latin1');
  bytes.writeBigUInt64LE(sequenceNumber, 8);
  guidBytes(uuidFrom(identity, 'file write')).copy(bytes, 16);
  guidBytes(uuidFrom(identity, 'data write')).copy(bytes, 32);
  bytes.writeUInt16LE(0, 64); // LogVersion
  bytes.writeUInt16LE(1, 66); // Version
  bytes.writeUInt32LE(log.length, 68);
  bytes.writeBigUInt64LE(BigInt(log.at), 72);
  return withChecksum(bytes);
}

/** 2.2.3. Both regions are required to read the file. */
function regionTable({ bat, metadata }: VhdxHead): Buffer {
  const bytes = Buffer.alloc(64 * kib);
  bytes.write('regi', 0, 'latin1');
  const entries = [
    { id: '2DC27766-F623-4200-9D64-115E9BFD4A08', region: bat },
    { id: '8B7CA206-4790-4B9A-B8FE-575F050F886E', region: metadata },
  ];
  bytes.writeUInt32LE(entries.length, 8);
  entries.forEach(({ id, region }, index) => {
    const entry = bytes.subarray(16 + 32 * index);
    guid(id).copy(entry);
    entry.writeBigUInt64LE(BigInt(region.at), 16);
    entry.writeUInt32LE(region.length, 24);
    entry.writeUInt32LE(1, 28);
  });
  return withChecksum(bytes);
}

/** 2.2.2, 2.2.3: CRC-32C of the structure with its own field, bytes 4 to 7, as zeros. */
function withChecksum(bytes: Buffer): Buffer {
  bytes.writeUInt32LE(crc32c(bytes), 4);
  return bytes;
}

/** 2.6.1.2: what a reader has to know, and what is the disk's rather than the file's. */
const isRequired = 4;
const isVirtualDisk = 2;
/** 2.6.1.2: the items stand behind the table, which takes 64 KiB of the region. */
const itemsAt = 64 * kib;

/** 2.6: the table, and its five items side by side. */
function metadata({ identity, virtualSize, blockSize, metadata }: VhdxHead): Literal[] {
  const items = [
    // 2.6.2.1: the block size, and neither LeaveBlockAllocated nor HasParent.
    { id: 'CAA16737-FA36-4D43-B3B6-33F0AA44E76B', flags: isRequired, value: uint32(blockSize, 0) },
    // 2.6.2.2: VirtualDiskSize, a multiple of the logical sector's size.
    {
      id: '2FA54224-CD1B-4876-B211-5DBED83BF4B8',
      flags: isRequired | isVirtualDisk,
      value: uint64(virtualSize),
    },
    // 2.6.2.3: VirtualDiskId, what SCSI's page 83 shows.
    {
      id: 'BECA12AB-B2E6-4523-93EF-C309E000C746',
      flags: isRequired | isVirtualDisk,
      value: guidBytes(uuidFrom(identity, 'disk')),
    },
    // 2.6.2.4, 2.6.2.5: LogicalSectorSize, PhysicalSectorSize.
    {
      id: '8141BF1D-A96F-4709-BA47-F233A8FAAB5F',
      flags: isRequired | isVirtualDisk,
      value: uint32(sectorSize),
    },
    {
      id: 'CDA348C7-445D-4471-9CC9-E9885251C556',
      flags: isRequired | isVirtualDisk,
      value: uint32(sectorSize),
    },
  ];
  const table = Buffer.alloc(32 + 32 * items.length);
  table.write('metadata', 0, 'latin1');
  table.writeUInt16LE(items.length, 10);
  let at = itemsAt;
  items.forEach(({ id, flags, value }, index) => {
    const entry = table.subarray(32 + 32 * index);
    guid(id).copy(entry);
    entry.writeUInt32LE(at, 16);
    entry.writeUInt32LE(value.length, 20);
    entry.writeUInt32LE(flags, 24);
    at += value.length;
  });
  return [
    { at: metadata.at, bytes: table },
    { at: metadata.at + itemsAt, bytes: Buffer.concat(items.map(({ value }) => value)) },
  ];
}

function guid(text: string): Buffer {
  return guidBytes(Buffer.from(text.replaceAll('-', ''), 'hex'));
}

function uint32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => void bytes.writeUInt32LE(value, 4 * index));
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
