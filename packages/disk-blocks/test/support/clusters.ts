import { open } from 'node:fs/promises';

const entryBytes = 8;
const sectorBytes = 512;
const isCompressed = 1n << 62n;

/**
 * Has the cluster's compressed bytes lie at the end of the file, with zeros up to the end of a sector: in a qcow2 without
 * subclusters, of one L2 table.
 */
export async function replaceCluster(path: string, index: number, stream: Buffer): Promise<void> {
  await using image = await openTable(path);
  const { size } = await image.file.stat();
  const offset = Math.ceil(size / sectorBytes) * sectorBytes;
  const sectors = Math.max(1, Math.ceil(stream.length / sectorBytes));
  const bytes = Buffer.alloc(sectors * sectorBytes);
  stream.copy(bytes);
  await image.file.write(bytes, 0, bytes.length, offset);
  const entry = Buffer.alloc(entryBytes);
  entry.writeBigUInt64BE(isCompressed | (BigInt(sectors - 1) << image.offsetBits) | BigInt(offset));
  await image.file.write(entry, 0, entryBytes, image.entryAt(index));
}

async function openTable(path: string) {
  const file = await open(path, 'r+');
  const read = async (at: number, length: number) =>
    (await file.read(Buffer.alloc(length), 0, length, at)).buffer;
  const header = await read(0, 104);
  const l1 = await read(Number(header.readBigUInt64BE(40)), entryBytes);
  const table = Number(l1.readBigUInt64BE() & 0x00fffffffffffe00n);
  return {
    file,
    read,
    offsetBits: 62n - BigInt(header.readUInt32BE(20) - 8),
    entryAt: (index: number) => table + index * entryBytes,
    [Symbol.asyncDispose]: () => file.close(),
  };
}
