import type { ByteSource } from '../byte-source.ts';

/** A FAT file system whose boot sector makes sense; nothing else of it has been read. */
export interface FatVolume {
  /** Where a directory or a file begins; the root of FAT12 and FAT16 stands apart from the clusters. */
  readonly root: FatStart;
  /** The first bytes of what begins there, `length` at most: fewer where it ends, or where its chain is damaged. */
  read(start: FatStart, length: number): Promise<Buffer>;
}

export type FatStart = { readonly cluster: number } | { readonly offset: number; readonly length: number };

/**
 * Microsoft's FAT specification (fatgen103), "Boot Sector and BPB": bytes a sector at 11, sectors a cluster at 13, reserved
 * sectors at 14, FATs at 16, entries of the root at 17, sectors at 19 or 32, sectors a FAT at 22 or 36, the root's cluster at 44.
 *
 * @returns undefined where `volume` has no FAT file system
 */
export async function openFat(volume: ByteSource): Promise<FatVolume | undefined> {
  const boot = await volume.read(0, 512);
  if (boot.length < 512 || boot.readUInt16BE(510) !== 0x55aa) return undefined;
  const bytesPerSector = boot.readUInt16LE(11);
  const sectorsPerCluster = boot[13]!;
  const reserved = boot.readUInt16LE(14);
  const fats = boot[16]!;
  const rootBytes = boot.readUInt16LE(17) * entryBytes;
  const sectors = boot.readUInt16LE(19) || boot.readUInt32LE(32);
  const fatSectors = boot.readUInt16LE(22) || boot.readUInt32LE(36);
  if (![512, 1024, 2048, 4096].includes(bytesPerSector) || !isPowerOfTwo(sectorsPerCluster)) return undefined;
  if (reserved === 0 || fats === 0 || fatSectors === 0) return undefined;

  const clusterBytes = bytesPerSector * sectorsPerCluster;
  const fatStart = reserved * bytesPerSector;
  const rootStart = fatStart + fats * fatSectors * bytesPerSector;
  const dataStart = rootStart + Math.ceil(rootBytes / bytesPerSector) * bytesPerSector;
  const clusters = Math.floor((sectors * bytesPerSector - dataStart) / clusterBytes);
  if (clusters < 1) return undefined;
  const next = nextCluster(volume, { fatStart, bits: bitsOf(clusters) });

  return {
    root: rootBytes === 0 ? { cluster: boot.readUInt32LE(44) } : { offset: rootStart, length: rootBytes },
    async read(start, length) {
      if ('offset' in start) return volume.read(start.offset, Math.min(length, start.length));
      const pieces: Buffer[] = [];
      let missing = length;
      // A chain that runs in a circle ends with the length.
      for (let at = start.cluster; missing > 0 && at >= 2 && at < clusters + 2; at = await next(at)) {
        const piece = await volume.read(dataStart + (at - 2) * clusterBytes, Math.min(missing, clusterBytes));
        if (piece.length === 0) break;
        pieces.push(piece);
        missing -= piece.length;
      }
      return Buffer.concat(pieces);
    },
  };
}

export const entryBytes = 32;

type FatBits = 12 | 16 | 32;

/** The specification's own rule: nothing but the number of clusters decides. */
function bitsOf(clusters: number): FatBits {
  if (clusters < 4085) return 12;
  return clusters < 65_525 ? 16 : 32;
}

function nextCluster(
  volume: ByteSource,
  { fatStart, bits }: { readonly fatStart: number; readonly bits: FatBits },
): (cluster: number) => Promise<number> {
  return async (cluster) => {
    const entry = await volume.read(fatStart + Math.floor((cluster * bits) / 8), bits === 32 ? 4 : 2);
    if (entry.length < (bits === 32 ? 4 : 2)) return 0;
    if (bits === 32) return entry.readUInt32LE(0) & 0x0fff_ffff;
    const value = entry.readUInt16LE(0);
    if (bits === 16) return value;
    return cluster % 2 === 0 ? value & 0xfff : value >> 4;
  };
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0;
}
