import { createChecksum } from '@ec2-image/checksum';
import { sectorSize } from '../present.ts';
import { createGrainNumbers, type GrainNumbers } from './grain-numbers.ts';
import { type VmdkOptions, type VmdkPiece, vmdkPieces } from './vmdk-pieces.ts';

/** What is in a VMDK, and where, which is known once all of it has been made: some KiB for each 32 MiB of data. */
export interface VmdkIndex {
  /** Of the file, in bytes. */
  readonly size: number;
  /** CRC32 of all of it, in base64. */
  readonly checksum: string;
  /** In the order of the file, without a gap. */
  readonly pieces: readonly IndexedPiece[];
  /** The sector of the file where a grain's record begins. */
  readonly sectors: GrainNumbers;
  /** CRC32 of what a grain's record inflates to. */
  readonly sums: GrainNumbers;
}

export interface IndexedPiece {
  /** In the file, in bytes. */
  readonly at: number;
  readonly length: number;
  /** Bytes that are not the disk's, or the first grain and the last one of those that it holds. */
  readonly holds: Buffer | { readonly first: number; readonly last: number };
}

/** Notes the pieces of a file as they are made, from front to back. */
export function createVmdkIndex() {
  const pieces: IndexedPiece[] = [];
  const [sectors, sums] = [createGrainNumbers(), createGrainNumbers()];
  const checksum = createChecksum('CRC32');
  let size = 0;
  return {
    add({ bytes, grains }: VmdkPiece): void {
      checksum.update(bytes);
      const holds = grains ? { first: grains[0]!.grain, last: grains.at(-1)!.grain } : bytes;
      pieces.push({ at: size, length: bytes.length, holds });
      for (const { grain, at, crc32 } of grains ?? []) {
        sectors.set(grain, (size + at) / sectorSize);
        sums.set(grain, crc32);
      }
      size += bytes.length;
    },
    end: (): VmdkIndex => ({ size, checksum: checksum.digest(), pieces, sectors, sums }),
  };
}

/**
 * Makes the whole file, for its index alone.
 *
 * @throws as {@link vmdkPieces}
 */
export async function indexVmdk(options: VmdkOptions): Promise<VmdkIndex> {
  const index = createVmdkIndex();
  for await (const piece of vmdkPieces(options)) index.add(piece);
  return index.end();
}
