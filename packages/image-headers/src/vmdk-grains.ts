import { type ByteSource, readSpan } from './byte-source.ts';
import { truncated } from './errors.ts';
import { sectorSize } from './virtual-size.ts';

/** Enough for 128 GiB at the usual 64 KiB grains; of a larger disk only the last tables are read. */
const maxTables = 4096;
const maxDirectoryBytes = 4 * 1024 ** 2;

export interface GrainDirectory {
  readonly offset: bigint;
  readonly tables: bigint;
  readonly entriesPerTable: number;
}

/**
 * QEMU reads zeros where a file has been cut short, so a truncated image would convert without a word: every grain in
 * use must begin inside the file.
 *
 * @throws ImageHeaderError `TRUNCATED_IMAGE`
 */
export async function requireGrains(source: ByteSource, directory: GrainDirectory): Promise<void> {
  const { offset, tables, entriesPerTable } = directory;
  const skipped = tables * 4n > maxDirectoryBytes ? tables * 4n - BigInt(maxDirectoryBytes) : 0n;
  const entries = await readSpan(source, {
    offset: offset + skipped,
    length: tables * 4n - skipped,
    what: 'the VMDK grain directory',
  });
  let looked = 0;
  for (let at = entries.length - 4; at >= 0 && looked < maxTables; at -= 4) {
    const sector = entries.readUInt32LE(at);
    if (sector === 0) continue;
    looked++;
    const table = await readSpan(source, {
      offset: BigInt(sector) * BigInt(sectorSize),
      length: entriesPerTable * 4,
      what: 'a VMDK grain table',
    });
    const last = lastGrain(table);
    if (last * sectorSize >= source.size) {
      throw truncated(
        `the VMDK uses a grain at byte ${last * sectorSize}, but the file has ${source.size} bytes`,
        { fileSize: source.size },
      );
    }
  }
}

/** The highest sector in a table; 0 (nothing) and 1 (zeros) mean no grain and lie in every file. */
function lastGrain(table: Buffer): number {
  let last = 0;
  for (let at = 0; at < table.length; at += 4) last = Math.max(last, table.readUInt32LE(at));
  return last;
}
