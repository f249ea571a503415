import { crc32Text } from '@ec2-image/checksum';
import type { ImageReader } from '@ec2-image/disk-blocks';
import { fillRange, isLiteral } from '../layout/fill-range.ts';
import type { DiskLayout, DiskPiece } from '../layout/layout.ts';
import { bytesIn } from '../layout/present.ts';

/** A range of the file, in bytes: `end` is the first one behind it. */
export interface FileRange {
  readonly start: number;
  readonly end: number;
}

/** Bytes of the file with their CRC32 (base64), in memory that is given back with them. */
export interface MadeRange {
  readonly buffer: SharedArrayBuffer;
  readonly bytes: Buffer;
  readonly checksum: string;
}

export type MakeRange = (
  range: FileRange,
  options: { readonly buffer: SharedArrayBuffer; readonly signal?: AbortSignal },
) => Promise<MadeRange>;

/** Makes ranges of the planned file from what the reader reads. */
export function rangeMaker({
  layout,
  reader,
}: {
  readonly layout: DiskLayout;
  readonly reader: ImageReader;
}): MakeRange {
  return async ({ start, end }, { buffer, signal }) => {
    const range = { offset: start, length: end - start };
    const filled = await fillRange({ layout, reader, range, buffer, signal });
    return { buffer: filled.buffer, bytes: filled.data, checksum: crc32Text(filled.crc32!) };
  };
}

/** What a range of the planned file waits for while the image is arriving. */
export interface RangeArrivals {
  /** Resolves once the range can be made without waiting. */
  ready(range: FileRange, options: Waiting): Promise<void>;
  /**
   * The same of a range that is nearly all zeros: the little that it needs is fetched out of turn. Undefined of any
   * other.
   */
  early(range: FileRange, options: Waiting): Promise<void> | undefined;
}

interface Waiting {
  readonly signal?: AbortSignal | undefined;
}

/** At most so much of the disk, in bytes, lies in a range that counts as nearly all zeros: a few clusters of the usual 64 KiB. */
const fewBytes = 256 * 1024;

export function rangeArrivals({
  layout,
  reader,
}: {
  readonly layout: DiskLayout;
  readonly reader: ImageReader;
}): RangeArrivals {
  const stretchesIn = ({ start, end }: FileRange) =>
    [...layout.pieces({ offset: start, length: end - start })].filter(
      (piece): piece is DiskPiece => !isLiteral(piece),
    );
  return {
    ready: (range, { signal }) => reader.arrived(stretchesIn(range), { signal }),
    early(range, { signal }) {
      const stretches = stretchesIn(range);
      return bytesIn(stretches) <= fewBytes ? reader.arrived(stretches, { hurry: true, signal }) : undefined;
    },
  };
}
