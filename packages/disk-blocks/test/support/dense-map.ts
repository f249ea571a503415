import { readFile, writeFile } from 'node:fs/promises';
import { execa } from 'execa';

const clusterSize = 65_536;

export interface DenseMap {
  /** As `qemu-img create` takes it. */
  readonly size: string;
  /** What each cluster of the disk is: data, zeros, or data and zeros by turns in its subclusters. */
  readonly clusters: 'data' | 'zeros' | 'subclusters';
}

/** How many L2 tables the image has. */
const tables = 64;

/**
 * A qcow2 of 4 MiB whose L1 table names the same L2 tables again and again, for a disk of any size.
 *
 * @returns where in the file the tables begin
 */
export async function makeDenseMap(path: string, { size, clusters }: DenseMap): Promise<number> {
  const isExtended = clusters === 'subclusters';
  const options = `extended_l2=${isExtended ? 'on' : 'off'}`;
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', options, path, size]);
  const created = await readFile(path);
  const l1 = { offset: Number(created.readBigUInt64BE(40)), entries: created.readUInt32BE(36) };
  const end = Math.max(created.length, l1.offset + l1.entries * 8);
  const first = Math.ceil(end / clusterSize) * clusterSize;
  const bytes = Buffer.alloc(first + tables * clusterSize);
  created.copy(bytes);
  for (let index = 0; index < l1.entries; index++)
    bytes.writeBigUInt64BE(BigInt(first + (index % tables) * clusterSize), l1.offset + index * 8);
  const entry = Buffer.alloc(isExtended ? 16 : 8);
  // Bit 0: it reads as zeros.
  entry.writeBigUInt64BE(clusters === 'zeros' ? 1n : BigInt(first));
  if (isExtended) entry.writeBigUInt64BE(0x55555555n, 8);
  bytes.fill(entry, first);
  await writeFile(path, bytes);
  return first;
}
