import { crc32c } from '@ec2-image/checksum';

export interface VhdxOptions {
  readonly virtualSize?: bigint;
  readonly blockSize?: number;
  readonly flags?: number;
  readonly sectorSize?: number;
  readonly withParentLocator?: boolean;
  readonly logGuid?: string;
  /** Changed after the checksums are made. */
  readonly damage?: readonly number[];
  readonly sequences?: readonly [bigint, bigint];
  readonly version?: number;
  readonly unknownRegion?: { readonly required: boolean };
  readonly withoutBat?: boolean;
  readonly metadataOffset?: bigint;
  readonly itemOffset?: number;
  readonly batEntry?: bigint;
  /** How often it stands in the table, from its beginning on. Default once. */
  readonly batEntries?: number;
  readonly metadataCount?: number;
  readonly regionCount?: number;
}

const kib = 1024;
const mib = 1024 * kib;

const ids = {
  bat: '6677c22d23f600429d64115e9bfd4a08',
  metadata: '06a27c8b90479a4bb8fe575f050f886e',
  fileParameters: '3767a1ca36fa434db3b633f0aa44e76b',
  virtualDiskSize: '2442a52f1bcd7648b2115dbed83bf4b8',
  page83: 'ab12cabe e6b2 2345 93efc309e000c746'.replaceAll(' ', ''),
  logicalSectorSize: '1dbf41816fa90947ba47f233a8faab5f',
  physicalSectorSize: 'c748a3cd5d44714 49cc9e9885251c556'.replaceAll(' ', ''),
  parentLocator: '2d5fd3a80bb34d45abf7d3d84834ab0c',
} as const;

/** A VHDX of 1 GiB without a block in use: header section, log, metadata, block allocation table, a MiB each. */
export function buildVhdx(options: VhdxOptions = {}): Buffer {
  const file = Buffer.alloc(4 * mib);
  file.write('vhdxfile', 'latin1');
  const [first, second] = options.sequences ?? [1n, 2n];
  writeHeader(file.subarray(64 * kib, 68 * kib), first, options);
  writeHeader(file.subarray(128 * kib, 132 * kib), second, options);
  writeRegions(file.subarray(192 * kib, 256 * kib), options);
  writeRegions(file.subarray(256 * kib, 320 * kib), options);
  writeMetadata(file.subarray(2 * mib, 3 * mib), options);
  for (let index = 0; index < (options.batEntries ?? 1); index++) {
    file.writeBigUInt64LE(options.batEntry ?? 0n, 3 * mib + 8 * index);
  }
  for (const at of options.damage ?? []) file[at]! ^= 1;
  return file;
}

function writeHeader(header: Buffer, sequence: bigint, { logGuid, version = 1 }: VhdxOptions): void {
  header.write('head', 'latin1');
  header.writeBigUInt64LE(sequence, 8);
  if (logGuid) header.write(logGuid, 48, 'hex');
  header.writeUInt16LE(version, 66);
  header.writeUInt32LE(mib, 68);
  header.writeBigUInt64LE(BigInt(mib), 72);
  seal(header);
}

function writeRegions(table: Buffer, options: VhdxOptions): void {
  const { unknownRegion, withoutBat, metadataOffset = BigInt(2 * mib) } = options;
  const regions: [id: string, offset: bigint, required: number][] = [[ids.metadata, metadataOffset, 1]];
  if (!withoutBat) regions.push([ids.bat, BigInt(3 * mib), 1]);
  if (unknownRegion) regions.push(['ff'.repeat(16), BigInt(5 * mib), unknownRegion.required ? 1 : 0]);
  table.write('regi', 'latin1');
  table.writeUInt32LE(options.regionCount ?? regions.length, 8);
  regions.forEach(([id, offset, required], index) => {
    const at = 16 + index * 32;
    table.write(id, at, 'hex');
    table.writeBigUInt64LE(offset, at + 16);
    table.writeUInt32LE(mib, at + 24);
    table.writeUInt32LE(required, at + 28);
  });
  seal(table);
}

function writeMetadata(region: Buffer, options: VhdxOptions): void {
  const u32 = (value: number, more = 0) => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32LE(value);
    bytes.writeUInt32LE(more, 4);
    return bytes;
  };
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(options.virtualSize ?? 1024n ** 3n);
  const items: [id: string, value: Buffer, length: number, flags: number][] = [
    [ids.fileParameters, u32(options.blockSize ?? 8 * mib, options.flags ?? 0), 8, 4],
    [ids.virtualDiskSize, size, 8, 6],
    [ids.page83, Buffer.alloc(16, 7), 16, 6],
    [ids.logicalSectorSize, u32(options.sectorSize ?? 512), 4, 6],
    [ids.physicalSectorSize, u32(4096), 4, 6],
  ];
  if (options.withParentLocator) items.push([ids.parentLocator, Buffer.alloc(20), 20, 4]);
  region.write('metadata', 'latin1');
  region.writeUInt16LE(options.metadataCount ?? items.length, 10);
  items.forEach(([id, value, length, flags], index) => {
    const at = 32 + index * 32;
    const offset = 64 * kib + index * 32;
    region.write(id, at, 'hex');
    region.writeUInt32LE(options.itemOffset ?? offset, at + 16);
    region.writeUInt32LE(length, at + 20);
    region.writeUInt32LE(flags, at + 24);
    value.copy(region, offset);
  });
}

function seal(structure: Buffer): void {
  structure.writeUInt32LE(0, 4);
  structure.writeUInt32LE(crc32c(structure), 4);
}
