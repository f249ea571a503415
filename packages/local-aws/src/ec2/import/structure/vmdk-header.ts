import type { ByteSource } from '@ec2-image/image-headers';
import { readStretch, requireIntact } from './intact.ts';

/** Names as in VMware's Virtual Disk Format 5.0; all fields are little-endian, and positions count sectors. */
export const sectorBytes = 512;
export const entriesPerTable = 512;
export const tableBytes = entriesPerTable * 4;
const directoryAtEnd = 2n ** 64n - 1n;
const flag = { lineEnds: 1, redundantTables: 2, zeroGrains: 4, compressed: 1 << 16, markers: 1 << 17 };
const streamFlags = flag.lineEnds | flag.compressed | flag.markers;
const knownFlags = streamFlags | flag.redundantTables | flag.zeroGrains;
/** "The grain size must be a power of two and must be greater than 8." */
const minGrainSectors = 16;

export interface VmdkHeader {
  readonly capacity: number;
  readonly grainSectors: number;
  readonly descriptorEnd: number;
  /** Of the grain directory, and of its copy. */
  readonly directories: readonly number[];
  /** Where the grains begin. */
  readonly overhead: number;
  readonly hasZeroGrains: boolean;
  /** The end of the file has the footer and the end-of-stream marker; otherwise the directory precedes the grains. */
  readonly hasFooter: boolean;
}

/**
 * The header of a stream-optimized VMDK, which its footer and its descriptor agree with.
 *
 * @throws ImportFailure
 */
export async function readVmdkHeader(disk: ByteSource): Promise<VmdkHeader> {
  const header = await readStretch(disk, 'VMDK', { offset: 0, length: sectorBytes });
  const hasFooter = header.readBigUInt64LE(56) === directoryAtEnd;
  const last = hasFooter
    ? await readStretch(disk, 'VMDK', { offset: disk.size - 2 * sectorBytes, length: sectorBytes })
    : header;
  const flags = header.readUInt32LE(8);
  const sector = (at: number) => Number(last.readBigUInt64LE(at));
  const [capacity, grainSectors, overhead] = [sector(12), sector(20), sector(64)];
  const descriptorEnd = sector(28) + sector(36);
  const uncleanShutdown = header[72]!;
  requireIntact(
    'VMDK',
    disk.size % sectorBytes === 0 &&
      isSameDisk(header, last) &&
      (flags & streamFlags) === streamFlags &&
      (flags & ~knownFlags) === 0 &&
      grainSectors >= minGrainSectors &&
      header.readUInt32LE(44) === entriesPerTable &&
      descriptorEnd <= overhead &&
      overhead * sectorBytes <= disk.size &&
      uncleanShutdown === 0,
  );
  await requireDescriptor(disk, { capacity, descriptorEnd });
  return {
    capacity,
    grainSectors,
    descriptorEnd,
    directories: [sector(56), ...((flags & flag.redundantTables) !== 0 ? [sector(48)] : [])],
    overhead,
    hasZeroGrains: (flags & flag.zeroGrains) !== 0,
    hasFooter,
  };
}

/** All but where the directories are. */
function isSameDisk(header: Buffer, footer: Buffer): boolean {
  const [beforeDirectories, behindDirectories] = [
    [0, 48],
    [64, 79],
  ] as const;
  return [beforeDirectories, behindDirectories].every(([start, end]) =>
    header.subarray(start, end).equals(footer.subarray(start, end)),
  );
}

async function requireDescriptor(
  disk: ByteSource,
  { capacity, descriptorEnd }: Pick<VmdkHeader, 'capacity' | 'descriptorEnd'>,
): Promise<void> {
  const length = (descriptorEnd - 1) * sectorBytes;
  const text = (await readStretch(disk, 'VMDK', { offset: sectorBytes, length })).toString('latin1');
  const version = /^\s*version\s*=\s*(\d+)/m.exec(text)?.[1];
  const type = /^\s*createType\s*=\s*"?(\w+)/im.exec(text)?.[1];
  const extentSectors = /^\s*RW\s+(\d+)\s+SPARSE\s/m.exec(text)?.[1];
  requireIntact('VMDK', version === '1' && type === 'streamOptimized' && extentSectors === String(capacity));
}
