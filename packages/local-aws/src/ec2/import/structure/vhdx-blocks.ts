import type { ByteSource } from '@ec2-image/image-headers';
import { areApart, isWithin, readInChunks, requireIntact, type Stretch } from './intact.ts';
import type { VhdxMetadata } from './vhdx-metadata.ts';

/** MS-VHDX 2.5.1.1: not present, undefined, zero, unmapped; and what only a disk with a parent has is none of them. */
const absentStates = [0, 1, 2, 3];
const fullyPresent = 6;
/** 2.4: a sector bitmap covers 2^23 sectors of 512 bytes. */
const chunkBytes = 2 ** 23 * 512;

/**
 * Every entry of the BAT has a state that a disk without a parent can have, and the blocks that are present are inside the file,
 * apart from each other and from its other parts.
 *
 * @throws ImportFailure
 */
export async function requireVhdxBlocks(
  disk: ByteSource,
  {
    blockBytes,
    virtualSizeBytes,
    bat,
    parts,
  }: VhdxMetadata & { readonly bat: Stretch; readonly parts: readonly Stretch[] },
): Promise<void> {
  const perChunk = chunkBytes / blockBytes;
  const blocks = Math.ceil(virtualSizeBytes / blockBytes);
  const entries = blocks + Math.floor((blocks - 1) / perChunk);
  requireIntact('VHDX', entries * 8 <= bat.length);
  const starts: number[] = [];
  let index = 0;
  for await (const table of readInChunks(disk, 'VHDX', { offset: bat.offset, length: entries * 8 })) {
    for (let at = 0; at < table.length; at += 8, index += 1) {
      const low = table.readUInt32LE(at);
      const state = low & 7;
      const reserved = low & 0xffff8;
      const isBitmap = index % (perChunk + 1) === perChunk;
      requireIntact('VHDX', reserved === 0);
      if (isBitmap) requireIntact('VHDX', state === 0);
      else if (state === fullyPresent) {
        const offset = table.readUInt32LE(at + 4) * 2 ** 32 + ((low & 0xfff00000) >>> 0);
        requireIntact('VHDX', isWithin({ offset, length: blockBytes }, disk.size));
        requireIntact('VHDX', starts.length * blockBytes < disk.size);
        starts.push(offset);
      } else requireIntact('VHDX', absentStates.includes(state));
    }
  }
  requireIntact('VHDX', areApart(parts, { starts, length: blockBytes }));
}
