export interface Qcow2Options {
  readonly version?: number;
  readonly virtualSize?: bigint;
  readonly clusterBits?: number;
  readonly backing?: { readonly offset: bigint; readonly length: number; readonly name?: string };
  readonly cryptMethod?: number;
  readonly l1Entries?: number;
  readonly l1Offset?: bigint;
  readonly incompatible?: bigint;
  readonly headerLength?: number;
  readonly compressionType?: number;
  readonly refcountOrder?: number;
  readonly refcountTableOffset?: bigint;
  readonly refcountTableClusters?: number;
  readonly snapshots?: { readonly offset: bigint; readonly count: number };
  readonly extensions?: readonly { readonly type: number; readonly data: Buffer; readonly length?: number }[];
  /** How many clusters the refcounts call used; the file has four. */
  readonly usedClusters?: number;
}

/** An empty qcow2 image of four clusters: header, refcount table, refcount block, L1 table. */
export function buildQcow2(options: Qcow2Options = {}): Buffer {
  const { version = 3, virtualSize = 1024n ** 3n, clusterBits = 16, extensions = [] } = options;
  const cluster = 2 ** Math.min(Math.max(clusterBits, 9), 21);
  const file = Buffer.alloc(4 * cluster);
  const l1Entries = options.l1Entries ?? Math.ceil(Number(virtualSize) / ((cluster * cluster) / 8));
  file.write('QFI\xfb', 'latin1');
  file.writeUInt32BE(version, 4);
  if (options.backing) {
    const { offset, length, name = '' } = options.backing;
    file.writeBigUInt64BE(offset, 8);
    file.writeUInt32BE(length, 16);
    if (offset < BigInt(file.length)) file.write(name, Number(offset), 'latin1');
  }
  file.writeUInt32BE(clusterBits, 20);
  file.writeBigUInt64BE(virtualSize, 24);
  file.writeUInt32BE(options.cryptMethod ?? 0, 32);
  file.writeUInt32BE(l1Entries, 36);
  file.writeBigUInt64BE(options.l1Offset ?? BigInt(3 * cluster), 40);
  file.writeBigUInt64BE(options.refcountTableOffset ?? BigInt(cluster), 48);
  file.writeUInt32BE(options.refcountTableClusters ?? 1, 56);
  file.writeUInt32BE(options.snapshots?.count ?? 0, 60);
  file.writeBigUInt64BE(options.snapshots?.offset ?? 0n, 64);
  if (version >= 3) {
    file.writeBigUInt64BE(options.incompatible ?? 0n, 72);
    file.writeUInt32BE(options.refcountOrder ?? 4, 96);
    file.writeUInt32BE(options.headerLength ?? 112, 100);
    file[104] = options.compressionType ?? 0;
  }
  let at = version >= 3 ? (options.headerLength ?? 112) : 72;
  for (const { type, data, length = data.length } of extensions) {
    file.writeUInt32BE(type, at);
    file.writeUInt32BE(length, at + 4);
    data.copy(file, at + 8);
    at += 8 + Math.ceil(data.length / 8) * 8;
  }
  file.writeBigUInt64BE(BigInt(2 * cluster), cluster);
  for (let used = 0; used < (options.usedClusters ?? 4); used++)
    file.writeUInt16BE(1, 2 * cluster + used * 2);
  return file;
}
