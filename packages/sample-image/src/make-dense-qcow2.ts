import { type FileHandle, open } from 'node:fs/promises';
import { intoPlace } from './into-place.ts';
import { runTool } from './run-tool.ts';

export interface MakeDenseQcow2Options {
  /** Where the image goes; what is there is replaced. */
  readonly path: string;
  /** Of the disk that it claims to hold: a multiple of 512, which qemu-img rounds it up to. */
  readonly sizeBytes: number;
  /** What each cluster of the disk is: data, zeros, or data and zeros by turns in its 32 subclusters. Default `data`. */
  readonly clusters?: 'data' | 'zeros' | 'subclusters';
  /** How many L2 tables the image has, which its L1 table names by turns. Default 1. */
  readonly tables?: number;
  readonly signal?: AbortSignal;
}

export interface DenseQcow2 {
  readonly path: string;
  readonly fileBytes: number;
  /** Where in the file the L2 tables begin, 64 KiB each; they are its end. */
  readonly tablesOffset: number;
}

const clusterBytes = 65_536;

/**
 * Makes a hostile image: a qcow2 of a few hundred KiB whose map tells of every cluster of a disk of any size, since its L1 table
 * names the same L2 tables again and again, and they the same cluster, which is the first of them. Its refcounts do not count
 * the tables: readers do not ask, `qemu-img check` does.
 *
 * @throws SampleImageError `TOOL_MISSING`, `TOOL_FAILED` (as where QEMU has no disk of that size)
 */
export async function makeDenseQcow2(options: MakeDenseQcow2Options): Promise<DenseQcow2> {
  const { path, sizeBytes, clusters = 'data', tables = 1, signal } = options;
  const isExtended = clusters === 'subclusters';
  const format = `cluster_size=${clusterBytes},extended_l2=${isExtended ? 'on' : 'off'}`;
  return intoPlace(path, async (partial) => {
    const args = ['create', '-q', '-f', 'qcow2', '-o', format, partial, `${sizeBytes}`];
    await runTool('qemu-img', { args, signal });
    await using file = await open(partial, 'r+');
    const l1 = await findL1(file);
    const { size: createdBytes } = await file.stat();
    const endOfL1 = l1.offset + l1.entries * 8;
    const tablesOffset = Math.ceil(Math.max(createdBytes, endOfL1) / clusterBytes) * clusterBytes;
    await file.write(l1Table(l1.entries, { tablesOffset, tables }), 0, undefined, l1.offset);
    const table = l2Table(tablesOffset, clusters);
    for (let index = 0; index < tables; index++)
      await file.write(table, 0, undefined, tablesOffset + index * clusterBytes);
    return { path, fileBytes: tablesOffset + tables * clusterBytes, tablesOffset };
  });
}

/** QEMU's docs/interop/qcow2, "Header": bytes 36 to 47. */
async function findL1(file: FileHandle): Promise<{ readonly offset: number; readonly entries: number }> {
  const { buffer: header } = await file.read(Buffer.alloc(12), 0, 12, 36);
  return { entries: header.readUInt32BE(0), offset: Number(header.readBigUInt64BE(4)) };
}

function l1Table(
  entries: number,
  { tablesOffset, tables }: { readonly tablesOffset: number; readonly tables: number },
): Buffer {
  const table = Buffer.alloc(entries * 8);
  for (let index = 0; index < entries; index++)
    table.writeBigUInt64BE(BigInt(tablesOffset + (index % tables) * clusterBytes), index * 8);
  return table;
}

/** The same entry throughout: "Standard Cluster Descriptor", and "Extended L2 Entries" for subclusters. */
function l2Table(dataOffset: number, clusters: 'data' | 'zeros' | 'subclusters'): Buffer {
  const entry = Buffer.alloc(clusters === 'subclusters' ? 16 : 8);
  // Bit 0: it reads as zeros.
  entry.writeBigUInt64BE(clusters === 'zeros' ? 1n : BigInt(dataOffset));
  // Every other subcluster lies in the file.
  if (clusters === 'subclusters') entry.writeBigUInt64BE(0x55555555n, 8);
  return Buffer.alloc(clusterBytes, entry);
}
