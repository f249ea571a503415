import type { ByteSource } from '@ec2-image/image-headers';
import { isLiteral } from '../layout/fill-range.ts';
import { firstWhere } from '../layout/first-where.ts';
import type { DiskLayout, DiskPiece } from '../layout/layout.ts';

const sectorBytes = 512;

export interface Twin {
  /** Of the file. */
  readonly bytes: ByteSource;
  /** The sectors that say where they belong, in the order of the file. */
  readonly named: readonly NamedSector[];
}

interface NamedSector {
  /** In the file, in bytes. */
  readonly at: number;
  /** In the disk, in bytes. */
  readonly offset: number;
}

/**
 * A file like the planned one, with everything in it that is not the disk's, and of each block of the disk the first and the
 * last sector, which say where they belong; zeros elsewhere. Its bytes follow from the plan: it is written nowhere.
 */
export function twinOf(layout: DiskLayout): Twin {
  const named = [...endsOfBlocks(layout)];
  return {
    named,
    bytes: {
      size: layout.fileSize,
      async read(start, wanted) {
        const length = Math.max(0, Math.min(wanted, layout.fileSize - start));
        const bytes = Buffer.alloc(length);
        for (const piece of layout.pieces({ offset: start, length }))
          if (isLiteral(piece)) bytes.set(piece.bytes, piece.at);
        const first = firstWhere(named.length, (index) => named[index]!.at + sectorBytes > start);
        for (let i = first; i < named.length && named[i]!.at < start + length; i++) {
          const { at, offset } = named[i]!;
          // A read may begin or end within it.
          const [from, to] = [Math.max(at, start), Math.min(at + sectorBytes, start + length)];
          bytes.set(nameOf(offset).subarray(from - at, to - at), from - start);
        }
        return bytes;
      },
    },
  };
}

export function nameOf(offset: number): Buffer {
  const sector = Buffer.alloc(sectorBytes);
  sector.write(`byte ${offset} of the disk`);
  return sector;
}

/** A block is in one piece in any format. */
function* endsOfBlocks(layout: DiskLayout): Generator<NamedSector> {
  const { sizeBytes } = layout.blocks;
  let block: number | undefined;
  let last: NamedSector | undefined;
  for (const piece of layout.pieces({ offset: 0, length: layout.fileSize })) {
    if (isLiteral(piece)) continue;
    const end = piece.offset + piece.length;
    for (let offset = piece.offset; offset < end; ) {
      if (block !== Math.floor(offset / sizeBytes)) {
        if (last) yield last;
        yield sectorOf(piece, offset);
        block = Math.floor(offset / sizeBytes);
      }
      offset = Math.min(end, (block + 1) * sizeBytes);
      last = sectorOf(piece, offset - sectorBytes);
    }
  }
  if (last) yield last;
}

function sectorOf(piece: DiskPiece, offset: number): NamedSector {
  return { at: piece.at + offset - piece.offset, offset };
}
