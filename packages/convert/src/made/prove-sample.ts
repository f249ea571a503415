import type { Disk, ImageReader, Stretch } from '@ec2-image/disk-blocks';
import { diskDiffers } from '../errors.ts';
import type { DiskLayout } from '../layout/layout.ts';
import { type SampleOptions, sampleOf, sampleUnitBytes } from '../sample.ts';

export interface ProveSampleOptions extends SampleOptions {
  readonly layout: DiskLayout;
  readonly reader: Pick<ImageReader, 'fill'>;
  /** The image's content as QEMU reads it. */
  readonly disk: Disk;
  readonly signal?: AbortSignal;
}

/**
 * Compares a share of what goes into the file with what QEMU reads in the image: what the layout leaves out is zeros.
 *
 * @returns how many bytes were compared
 * @throws ConvertError `DISK_DIFFERS`; DiskBlocksError
 */
export async function proveSample({
  layout,
  reader,
  disk,
  seed,
  signal,
}: ProveSampleOptions): Promise<number> {
  const found = Buffer.alloc(sampleUnitBytes);
  let buffer = new SharedArrayBuffer(sampleUnitBytes);
  let compared = 0;
  for (const { offset, length, stretches } of sampledStretches(layout, disk.sizeBytes, { seed })) {
    signal?.throwIfAborted();
    new Uint8Array(buffer).fill(0);
    const made = await reader.fill({ buffer, length: sampleUnitBytes, stretches, signal });
    buffer = made.buffer;
    await disk.readInto(found, offset);
    if (!found.equals(made.data)) throw diskDiffers(`within the MiB at byte ${offset}`, { offset });
    compared += length;
  }
  return compared;
}

/** The layout has its pieces in the order of the disk, as the sample has its units. */
function* sampledStretches(layout: DiskLayout, sizeBytes: number, options: SampleOptions) {
  const pieces = diskPieces(layout);
  let piece = pieces.next();
  for (const unit of sampleOf(sizeBytes, options)) {
    const end = unit.offset + unit.length;
    const stretches: Stretch[] = [];
    while (!piece.done && piece.value.offset < end) {
      const from = Math.max(piece.value.offset, unit.offset);
      const to = Math.min(piece.value.offset + piece.value.length, end);
      if (to > from) stretches.push({ at: from - unit.offset, offset: from, length: to - from });
      // What reaches into the next unit is needed again.
      if (piece.value.offset + piece.value.length > end) break;
      piece = pieces.next();
    }
    yield { ...unit, stretches };
  }
}

function* diskPieces(layout: DiskLayout) {
  for (const piece of layout.pieces({ offset: 0, length: layout.fileSize }))
    if (!('bytes' in piece)) yield piece;
}
