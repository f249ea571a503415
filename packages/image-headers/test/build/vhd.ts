export interface VhdOptions {
  readonly kind?: 'fixed' | 'dynamic';
  /** 2 fixed, 3 dynamic, 4 differencing. */
  readonly type?: number;
  readonly trailingType?: number;
  readonly currentSize?: bigint;
  readonly creator?: string;
  /** Cylinders, heads, sectors. */
  readonly geometry?: readonly [number, number, number];
  readonly checksumOff?: number;
  readonly dynamicHeaderOffset?: bigint;
  readonly blockSize?: number;
  readonly tableEntries?: number;
  readonly tableOffset?: bigint;
  readonly withoutTrailer?: boolean;
  /** How many blocks are in use, all of them at the beginning of the file. */
  readonly blocks?: number;
}

const sector = 512;

/** A VHD of 8 MiB without a block in use (dynamic), or with all of them zeros (fixed). */
export function buildVhd(options: VhdOptions = {}): Buffer {
  const { kind = 'dynamic', currentSize = 8n * 1024n ** 2n } = options;
  const type = options.type ?? (kind === 'fixed' ? 2 : 3);
  const leading = footer(options, type);
  const trailing = footer(options, options.trailingType ?? type);
  if (kind === 'fixed') {
    const disk = Buffer.alloc(Math.min(Number(currentSize), 8 * 1024 ** 2));
    return Buffer.concat([disk, trailing]);
  }
  const header = Buffer.alloc(1024);
  header.write('cxsparse', 'latin1');
  header.writeBigUInt64BE(2n ** 64n - 1n, 8);
  header.writeBigUInt64BE(options.tableOffset ?? 1536n, 16);
  header.writeUInt32BE(0x10000, 24);
  header.writeUInt32BE(options.tableEntries ?? 4, 28);
  header.writeUInt32BE(options.blockSize ?? 2 * 1024 ** 2, 32);
  header.writeUInt32BE(checksum(header, 36), 36);
  const table = Buffer.alloc(sector, 0xff).fill(0, 0, 4 * (options.blocks ?? 0));
  return Buffer.concat([leading, header, table, ...(options.withoutTrailer ? [] : [trailing])]);
}

function footer(options: VhdOptions, type: number): Buffer {
  const { currentSize = 8n * 1024n ** 2n, creator = 'qem2', geometry = [65535, 16, 255] } = options;
  const bytes = Buffer.alloc(sector);
  bytes.write('conectix', 'latin1');
  bytes.writeUInt32BE(2, 8);
  bytes.writeUInt32BE(0x10000, 12);
  bytes.writeBigUInt64BE(type === 2 ? 2n ** 64n - 1n : (options.dynamicHeaderOffset ?? 512n), 16);
  bytes.write(creator, 28, 'latin1');
  bytes.writeBigUInt64BE(currentSize, 40);
  bytes.writeBigUInt64BE(currentSize, 48);
  bytes.writeUInt16BE(geometry[0], 56);
  bytes[58] = geometry[1];
  bytes[59] = geometry[2];
  bytes.writeUInt32BE(type, 60);
  bytes.writeUInt32BE((checksum(bytes, 64) + (options.checksumOff ?? 0)) >>> 0, 64);
  return bytes;
}

/** The ones' complement of the sum of all bytes but the field itself. */
function checksum(bytes: Buffer, field: number): number {
  let sum = 0;
  bytes.forEach((byte, at) => {
    if (at < field || at >= field + 4) sum += byte;
  });
  return ~sum >>> 0;
}
