import { type ByteSource, readSpan, requireInside } from './byte-source.ts';
import { corrupt, truncated } from './errors.ts';

/** QEMU's own limits. */
const maxL1Bytes = 32n * 1024n ** 2n;
const maxRefcountTableBytes = 8n * 1024n ** 2n;

/** `entries` of 8 bytes from `offset` on, all of them inside the file. */
export interface L1Table {
  readonly offset: number;
  readonly entries: number;
}

interface L1Facts {
  readonly virtualSize: number;
  readonly clusterBits: number;
  readonly extendedL2: boolean;
}

/** The table exists in the file, is no larger than QEMU takes, and reaches to the end of the disk. */
export function requireL1(
  source: ByteSource,
  fixed: Buffer,
  { virtualSize, clusterBits, extendedL2 }: L1Facts,
): L1Table {
  const length = BigInt(fixed.readUInt32BE(36)) * 8n;
  if (length > maxL1Bytes) throw corrupt(`the qcow2 L1 table of ${length} bytes is above ${maxL1Bytes}`);
  const bytesPerL2 = 2n ** BigInt(clusterBits) * 2n ** BigInt(clusterBits - (extendedL2 ? 4 : 3));
  if ((length / 8n) * bytesPerL2 < BigInt(virtualSize)) {
    throw corrupt(`the qcow2 L1 table of ${length} bytes is too short for a disk of ${virtualSize} bytes`);
  }
  const offset = fixed.readBigUInt64BE(40);
  if (length > 0n) requireInside(source, { offset, length, what: 'the qcow2 L1 table' });
  if (offset % 2n ** BigInt(clusterBits) !== 0n)
    throw corrupt(`the qcow2 L1 table at byte ${offset} does not begin with a cluster`);
  return { offset: length > 0n ? Number(offset) : 0, entries: Number(length / 8n) };
}

export function requireRefcountTable(source: ByteSource, fixed: Buffer, clusterSize: number): void {
  if (fixed.readUInt32BE(56) === 0) throw corrupt('the qcow2 image has no refcount table');
  const offset = fixed.readBigUInt64BE(48);
  if (offset % BigInt(clusterSize) !== 0n)
    throw corrupt(`the qcow2 refcount table at byte ${offset} does not begin with a cluster`);
  const length = BigInt(fixed.readUInt32BE(56)) * BigInt(clusterSize);
  if (length > maxRefcountTableBytes)
    throw corrupt(`the qcow2 refcount table of ${length} bytes is above ${maxRefcountTableBytes}`);
  requireInside(source, { offset, length, what: 'the qcow2 refcount table' });
}

/**
 * QEMU reads zeros where a file has been cut short, so a truncated image would convert without a word.
 * The refcounts name the highest cluster in use, and it must begin inside the file.
 */
export async function requireAllocatedClusters(
  source: ByteSource,
  fixed: Buffer,
  { clusterSize, refcountBits }: { readonly clusterSize: number; readonly refcountBits: number },
): Promise<void> {
  const length = BigInt(fixed.readUInt32BE(56)) * BigInt(clusterSize);
  const table = await readSpan(source, {
    offset: fixed.readBigUInt64BE(48),
    length,
    what: 'the qcow2 refcount table',
  });
  const last = lastNonZero(table, 8);
  if (last === undefined) return;
  const block = await readSpan(source, {
    offset: table.readBigUInt64BE(last * 8),
    length: clusterSize,
    what: 'a qcow2 refcount block',
  });
  const lastByte = lastNonZero(block, 1);
  if (lastByte === undefined) return;
  const clustersPerBlock = (clusterSize * 8) / refcountBits;
  const lastCluster = last * clustersPerBlock + Math.floor((lastByte * 8) / refcountBits);
  if (lastCluster * clusterSize >= source.size) {
    throw truncated(
      `the qcow2 image uses a cluster at byte ${lastCluster * clusterSize}, but the file has ${source.size} bytes`,
      { fileSize: source.size },
    );
  }
}

/** The index of the last entry of `width` bytes that is not zero. */
function lastNonZero(table: Buffer, width: number): number | undefined {
  const at = table.findLastIndex((byte) => byte !== 0);
  return at < 0 ? undefined : Math.floor(at / width);
}
