const sector = 512;
const tableSectors = 4;

/** Where a streamed VMDK has what, in bytes. */
export interface StreamedVmdk {
  readonly image: Buffer;
  readonly grains: readonly number[];
  readonly table: number;
  readonly directory: number;
  readonly footer: number;
}

/**
 * A stream as VMware's tools write it, from one of qemu-img with a single grain table: the table and the directory behind the
 * grains, each behind its marker, then the footer and the end-of-stream marker.
 */
export function streamedVmdk(qemu: Buffer): StreamedVmdk {
  const overhead = Number(qemu.readBigUInt64LE(64)) * sector;
  const oldTable = qemu.readUInt32LE(Number(qemu.readBigUInt64LE(56)) * sector) * sector;
  const grains: number[] = [];
  let end = overhead;
  for (let size = 0; end < qemu.length; end += Math.ceil((12 + size) / sector) * sector) {
    size = qemu.readUInt32LE(end + 8);
    if (size === 0) break;
    grains.push(end);
  }
  const head = Buffer.alloc(overhead);
  qemu.copy(head, 0, 0, 21 * sector);
  head.writeUInt32LE(0x30001, 8);
  head.writeBigUInt64LE(0n, 48);
  const footer = Buffer.from(head.subarray(0, sector));
  head.writeBigUInt64LE(2n ** 64n - 1n, 56);
  const table = end + sector;
  const directory = table + tableSectors * sector + sector;
  footer.writeBigUInt64LE(BigInt(directory / sector), 56);
  const directorySector = Buffer.alloc(sector);
  directorySector.writeUInt32LE(table / sector, 0);
  const image = Buffer.concat([
    head,
    qemu.subarray(overhead, end),
    marker(1, tableSectors),
    qemu.subarray(oldTable, oldTable + tableSectors * sector),
    marker(2, 1),
    directorySector,
    marker(3, 1),
    footer,
    marker(0, 0),
  ]);
  return { image, grains, table, directory, footer: directory + 2 * sector };
}

function marker(type: number, sectors: number): Buffer {
  const bytes = Buffer.alloc(sector);
  bytes.writeBigUInt64LE(BigInt(sectors));
  bytes.writeUInt32LE(type, 12);
  return bytes;
}
