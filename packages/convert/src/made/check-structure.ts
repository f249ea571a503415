import { type FileHandle, open } from 'node:fs/promises';
import { openDisk } from '@ec2-image/disk-blocks';
import { ConvertError } from '../errors.ts';
import { isLiteral } from '../layout/fill-range.ts';
import type { DiskLayout, DiskPiece } from '../layout/layout.ts';
import type { PlannedFormat } from '../layout/plan-disk.ts';

export interface CheckStructureOptions {
  readonly layout: DiskLayout;
  readonly format: PlannedFormat;
  /** In bytes. */
  readonly virtualSize: number;
  /** Where the file goes: sparse, and to be removed afterwards. */
  readonly path: string;
  readonly signal?: AbortSignal;
}

const sectorBytes = 512;

/**
 * Has QEMU read a twin of the file, with everything in it that is not the disk's, and of each block of the disk the first
 * and the last sector, which say where they belong: so QEMU finds the disk in the file where the layout has put it. Takes
 * a fraction of a second.
 *
 * @throws ConvertError `DISK_DIFFERS`
 */
export async function checkStructure(options: CheckStructureOptions): Promise<void> {
  const { layout, format, virtualSize, path, signal } = options;
  // A raw file has no structure.
  if (format === 'raw') return;
  const named = await writeTwin(layout, path);
  await using disk = await openDisk({ path, format, signal });
  if (disk.sizeBytes !== virtualSize)
    throw differs(`the disk has ${disk.sizeBytes} bytes instead of ${virtualSize}`, { virtualSize });
  const found = Buffer.alloc(sectorBytes);
  for (const offset of named) {
    signal?.throwIfAborted();
    await disk.readInto(found, offset);
    if (!found.equals(nameOf(offset)))
      throw differs(`another sector is at byte ${offset} of the disk`, { offset });
  }
}

/** @returns the offsets in the disk of the sectors that say where they belong */
async function writeTwin(layout: DiskLayout, path: string): Promise<number[]> {
  await using file = await open(path, 'w', 0o600);
  await file.truncate(layout.fileSize);
  const named: number[] = [];
  for (const piece of layout.pieces({ offset: 0, length: layout.fileSize }))
    if (isLiteral(piece)) await writeWhole(file, piece.bytes, piece.at);
  for (const { at, offset } of endsOfBlocks(layout)) {
    await writeWhole(file, nameOf(offset), at);
    named.push(offset);
  }
  return named;
}

/** Of each block in the file the first and the last sector that are the disk's: a block is in one piece in any format. */
function* endsOfBlocks(layout: DiskLayout): Generator<Sector> {
  const { sizeBytes } = layout.blocks;
  let block: number | undefined;
  let last: Sector | undefined;
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

/** Where a sector of the disk is. */
interface Sector {
  /** In the file, in bytes. */
  readonly at: number;
  /** In the disk, in bytes. */
  readonly offset: number;
}

function sectorOf(piece: DiskPiece, offset: number): Sector {
  return { at: piece.at + offset - piece.offset, offset };
}

function nameOf(offset: number): Buffer {
  const sector = Buffer.alloc(sectorBytes);
  sector.write(`byte ${offset} of the disk`);
  return sector;
}

async function writeWhole(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

function differs(how: string, facts: Readonly<Record<string, number>>): ConvertError {
  return new ConvertError('DISK_DIFFERS', `QEMU reads the disk file otherwise than it was planned: ${how}`, {
    hint: 'Use --converter qemu-img, and report this with the size of the disk.',
    facts,
  });
}
