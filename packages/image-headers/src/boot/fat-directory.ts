import { entryBytes, type FatStart, type FatVolume } from './fat-volume.ts';

/** What a directory may have of entries; FAT itself allows no more. */
const maxDirectoryBytes = 65_536 * entryBytes;

const attributes = { volumeLabel: 0x08, directory: 0x10, longName: 0x0f } as const;

/**
 * What stands at a path of directories and, at its end, a file, by their long or short names, in any case.
 *
 * @returns undefined where there is no such file
 */
export async function findFile(
  volume: FatVolume,
  path: readonly string[],
): Promise<{ readonly start: FatStart; readonly sizeBytes: number } | undefined> {
  let start = volume.root;
  for (const [n, name] of path.entries()) {
    const isLast = n === path.length - 1;
    const entry = findEntry(await volume.read(start, maxDirectoryBytes), { name, isDirectory: !isLast });
    if (!entry) return undefined;
    if (isLast) return entry;
    ({ start } = entry);
  }
  return undefined;
}

function findEntry(
  directory: Buffer,
  { name, isDirectory }: { readonly name: string; readonly isDirectory: boolean },
): { readonly start: FatStart; readonly sizeBytes: number } | undefined {
  const wanted = name.toUpperCase();
  let longName = '';
  for (let at = 0; at + entryBytes <= directory.length; at += entryBytes) {
    const entry = directory.subarray(at, at + entryBytes);
    if (entry[0] === 0) return undefined;
    if (entry[0] === 0xe5) {
      longName = '';
      continue;
    }
    if ((entry[11]! & 0x3f) === attributes.longName) {
      longName = longNamePart(entry) + ((entry[0]! & 0x40) === 0 ? longName : '');
      continue;
    }
    const names = [longName.toUpperCase(), shortName(entry)];
    longName = '';
    if ((entry[11]! & attributes.volumeLabel) !== 0 || !names.includes(wanted)) continue;
    if (((entry[11]! & attributes.directory) !== 0) !== isDirectory) continue;
    const cluster = ((entry.readUInt16LE(20) & 0x0fff) << 16) | entry.readUInt16LE(26);
    return { start: { cluster }, sizeBytes: entry.readUInt32LE(28) };
  }
  return undefined;
}

function shortName(entry: Buffer): string {
  const part = (start: number, end: number) => entry.toString('latin1', start, end).trimEnd();
  const extension = part(8, 11);
  return extension === '' ? part(0, 8) : `${part(0, 8)}.${extension}`;
}

/** 13 characters of UTF-16 in three places; the name ends at a zero. */
function longNamePart(entry: Buffer): string {
  const text = Buffer.concat([
    entry.subarray(1, 11),
    entry.subarray(14, 26),
    entry.subarray(28, 32),
  ]).toString('utf16le');
  return text.split('\0', 1)[0]!;
}
