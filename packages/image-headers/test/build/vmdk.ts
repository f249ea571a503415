export interface VmdkOptions {
  readonly version?: number;
  /** In sectors. */
  readonly capacity?: bigint;
  readonly grainSectors?: bigint;
  readonly descriptor?: string;
  readonly descriptorSector?: bigint;
  readonly descriptorSectors?: bigint;
  readonly entriesPerTable?: number;
  readonly compression?: number;
  readonly lineEnds?: string;
  /** The last entry of the only grain table, a sector. */
  readonly lastGrain?: number;
  /** Header with the directory at the end, and a footer, as streams have it. */
  readonly footer?: false | { readonly capacity?: bigint; readonly marker?: number };
  readonly directorySector?: bigint;
  readonly bodySectors?: number;
}

export const plainDescriptor = descriptorOf({});

export function descriptorOf({
  createType = 'monolithicSparse',
  parentCid = 'ffffffff',
  extents = ['RW 65536 SPARSE "disk.vmdk"'],
  more = '',
}: {
  createType?: string;
  parentCid?: string;
  extents?: readonly string[];
  more?: string;
}): string {
  return [
    '# Disk DescriptorFile',
    'version=1',
    'CID=12345678',
    `parentCID=${parentCid}`,
    `createType="${createType}"`,
    more,
    '# Extent description',
    ...extents,
    '',
  ].join('\n');
}

const sector = 512;

/** A sparse VMDK of 32 MiB: header, descriptor (20 sectors), grain directory, one grain table, one grain. */
export function buildVmdk(options: VmdkOptions = {}): Buffer {
  const { descriptor = plainDescriptor, footer = false } = options;
  const [directory, table, grain] = [21, 22, 128];
  const body = Buffer.alloc((options.bodySectors ?? grain + 128) * sector);
  header(options, footer ? 2n ** 64n - 1n : (options.directorySector ?? BigInt(directory))).copy(body);
  body.write(descriptor, sector, 'latin1');
  body.writeUInt32LE(table, directory * sector);
  body.writeUInt32LE(options.lastGrain ?? grain, table * sector + 511 * 4);
  if (!footer) return body;

  const tail = Buffer.alloc(3 * sector);
  tail.writeUInt32LE(footer.marker ?? 3, 12);
  header({ ...options, capacity: footer.capacity ?? options.capacity }, BigInt(directory)).copy(tail, sector);
  return Buffer.concat([body, tail]);
}

function header(options: VmdkOptions, directorySector: bigint): Buffer {
  const bytes = Buffer.alloc(sector);
  bytes.write('KDMV', 'latin1');
  bytes.writeUInt32LE(options.version ?? 1, 4);
  bytes.writeUInt32LE(1, 8);
  bytes.writeBigUInt64LE(options.capacity ?? 65536n, 12);
  bytes.writeBigUInt64LE(options.grainSectors ?? 128n, 20);
  bytes.writeBigUInt64LE(options.descriptorSector ?? 1n, 28);
  bytes.writeBigUInt64LE(options.descriptorSectors ?? 20n, 36);
  bytes.writeUInt32LE(options.entriesPerTable ?? 512, 44);
  bytes.writeBigUInt64LE(directorySector, 56);
  bytes.writeBigUInt64LE(128n, 64);
  bytes.write(options.lineEnds ?? '\n \r\n', 73, 'latin1');
  bytes.writeUInt16LE(options.compression ?? 0, 77);
  return bytes;
}
