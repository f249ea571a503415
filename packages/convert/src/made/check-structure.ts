import { type FileHandle, open } from 'node:fs/promises';
import { openDisk } from '@ec2-image/disk-blocks';
import { ConvertError } from '../errors.ts';
import type { DiskLayout } from '../layout/layout.ts';
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
/** Of the disk: the unit of the smallest blocks of any format that is written. */
const unitBytes = 2 ** 20;

/**
 * Has QEMU read a twin of the file, with everything in it that is not the disk's, and in each MiB of the disk one sector
 * that says where it belongs: so QEMU finds the disk in the file where the layout has put it. Takes a fraction of a second.
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
async function writeTwin({ fileSize, pieces }: DiskLayout, path: string): Promise<number[]> {
  await using file = await open(path, 'w', 0o600);
  await file.truncate(fileSize);
  const named: number[] = [];
  let nextUnit = 0;
  for (const piece of pieces({ offset: 0, length: fileSize })) {
    if ('bytes' in piece) {
      await writeWhole(file, piece.bytes, piece.at);
      continue;
    }
    for (let offset = piece.offset; offset < piece.offset + piece.length; ) {
      const unit = Math.floor(offset / unitBytes);
      if (unit >= nextUnit) {
        await writeWhole(file, nameOf(offset), piece.at + offset - piece.offset);
        named.push(offset);
        nextUnit = unit + 1;
      }
      offset = (unit + 1) * unitBytes;
    }
  }
  return named;
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
