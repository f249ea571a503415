import { readFile, writeFile } from 'node:fs/promises';
import { execa } from 'execa';

export interface VhdOptions {
  /** A raw disk, smaller than 128 GiB. */
  readonly disk: string;
  readonly path: string;
  readonly subformat: 'dynamic' | 'fixed';
  /** Four characters: who made it. */
  readonly creator: string;
}

const sector = 512;

/** A VHD as its creator writes it: the exact size, and the geometry that the specification computes, a whole number of cylinders below it. */
export async function makeVhd({
  disk,
  path,
  subformat,
  creator,
}: VhdOptions): Promise<{ geometryBytes: number }> {
  const options = `subformat=${subformat},force_size=on`;
  await execa('qemu-img', ['convert', '-f', 'raw', '-O', 'vpc', '-o', options, disk, path]);
  const image = await readFile(path);
  let geometryBytes = 0;
  for (const at of subformat === 'dynamic' ? [0, image.length - sector] : [image.length - sector]) {
    const footer = image.subarray(at, at + sector);
    const { cylinders, heads, sectors } = geometryOf(Number(footer.readBigUInt64BE(48)) / sector);
    footer.write(creator, 28, 'latin1');
    footer.writeUInt16BE(cylinders, 56);
    footer[58] = heads;
    footer[59] = sectors;
    footer.writeUInt32BE(0, 64);
    footer.writeUInt32BE(~footer.reduce((sum, byte) => sum + byte, 0) >>> 0, 64);
    geometryBytes = cylinders * heads * sectors * sector;
  }
  await writeFile(path, image);
  return { geometryBytes };
}

/** "CHS Calculation" in Microsoft's Virtual Hard Disk Image Format Specification. */
function geometryOf(total: number) {
  let sectors = 17;
  let tracks = Math.floor(total / sectors);
  let heads = Math.max(4, Math.floor((tracks + 1023) / 1024));
  if (tracks >= heads * 1024 || heads > 16) [sectors, heads] = [31, 16];
  tracks = Math.floor(total / sectors);
  if (tracks >= heads * 1024) [sectors, heads] = [63, 16];
  tracks = Math.floor(total / sectors);
  return { cylinders: Math.floor(tracks / heads), heads, sectors };
}
