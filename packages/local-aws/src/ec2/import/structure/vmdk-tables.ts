import type { ByteSource } from '@ec2-image/image-headers';
import { areApart, readStretch, requireIntact } from './intact.ts';
import { entriesPerTable, sectorBytes, tableBytes, type VmdkHeader } from './vmdk-header.ts';

/** In the place of a sector: the grain is zeros, and not in the file. */
const zeroGrain = 1;

export interface VmdkTables {
  /** Of the disk: how many sectors a directory takes. */
  readonly directorySectors: number;
  /** How many grains they say are in the file. */
  readonly grains: number;
  /** Where those begin that stand between the grains, and need a marker in front: directories, tables. */
  readonly marked: { readonly directories: Set<number>; readonly tables: Set<number> };
  /** The sector of a grain's marker. */
  sectorOf(grain: number): Promise<number>;
}

/**
 * Grain directory and tables: inside the file, apart from each other, each with its copy where there is one.
 *
 * @throws ImportFailure
 */
export async function readVmdkTables(disk: ByteSource, header: VmdkHeader): Promise<VmdkTables> {
  const { overhead } = header;
  const grainsOfDisk = Math.ceil(header.capacity / header.grainSectors);
  const tables = Math.ceil(grainsOfDisk / entriesPerTable);
  const directorySectors = Math.ceil((tables * 4) / sectorBytes);
  const directories: Uint32Array[] = [];
  for (const sector of header.directories) directories.push(await readSectors(disk, sector, tables));
  const all = directories.flatMap((directory) => [...directory].filter((sector) => sector !== 0));
  requireIntact('VMDK', all.length * tableBytes <= disk.size);
  requirePlaces(header, { directorySectors, tables: all });

  const [directory, copy] = directories;
  let grains = 0;
  for (const [index, sector] of directory!.entries()) {
    const table = await tableAt(disk, sector);
    if (copy) requireIntact('VMDK', sameEntries(table, await tableAt(disk, copy[index]!)));
    const held = Math.min(entriesPerTable, grainsOfDisk - index * entriesPerTable);
    grains += grainsIn(table, { ...header, held, sizeBytes: disk.size });
  }

  let cachedIndex = -1;
  let cached: Uint32Array;
  return {
    directorySectors,
    grains,
    marked: {
      directories: new Set(header.directories.filter((sector) => sector >= overhead)),
      tables: new Set(all.filter((sector) => sector >= overhead)),
    },
    async sectorOf(grain) {
      const index = Math.floor(grain / entriesPerTable);
      if (index !== cachedIndex) cached = await tableAt(disk, directory![index] ?? 0);
      cachedIndex = index;
      return cached[grain % entriesPerTable]!;
    },
  };
}

/** Those before the grains: apart from each other and from what else is there. Of the others their markers tell. */
function requirePlaces(
  { descriptorEnd, overhead, directories }: VmdkHeader,
  { directorySectors, tables }: { readonly directorySectors: number; readonly tables: readonly number[] },
): void {
  const head = { offset: 0, length: descriptorEnd };
  const before = directories
    .filter((sector) => sector < overhead)
    .map((offset) => ({ offset, length: directorySectors }));
  const length = tableBytes / sectorBytes;
  const starts = tables.filter((sector) => sector < overhead);
  requireIntact(
    'VMDK',
    areApart([head, ...before], { starts, length }) &&
      before.every((directory) => directory.offset + directory.length <= overhead) &&
      starts.every((sector) => sector + length <= overhead),
  );
}

/** How many grains of the file a table names, each behind what precedes the grains. */
function grainsIn(
  table: Uint32Array,
  {
    overhead,
    hasZeroGrains,
    held,
    sizeBytes,
  }: Pick<VmdkHeader, 'overhead' | 'hasZeroGrains'> & { readonly held: number; readonly sizeBytes: number },
): number {
  let grains = 0;
  for (const [entry, sector] of table.entries()) {
    if (sector === 0) continue;
    requireIntact('VMDK', entry < held);
    if (sector === zeroGrain && hasZeroGrains) continue;
    requireIntact('VMDK', sector >= overhead && sector * sectorBytes < sizeBytes);
    grains += 1;
  }
  return grains;
}

/** A table that is not there has no grains. */
async function tableAt(disk: ByteSource, sector: number): Promise<Uint32Array> {
  return sector === 0 ? new Uint32Array(entriesPerTable) : readSectors(disk, sector, entriesPerTable);
}

async function readSectors(disk: ByteSource, sector: number, entries: number): Promise<Uint32Array> {
  const place = { offset: sector * sectorBytes, length: entries * 4 };
  const bytes = await readStretch(disk, 'VMDK', place);
  const sectors = new Uint32Array(entries);
  for (let index = 0; index < entries; index++) sectors[index] = bytes.readUInt32LE(index * 4);
  return sectors;
}

function sameEntries(a: Uint32Array, b: Uint32Array): boolean {
  return a.every((entry, index) => entry === b[index]);
}
