import { type Block, blockSizeBytes, type Extent } from '@ec2-image/disk-blocks';
import type { DiskLayout } from '../layout/layout.ts';
import { type PlannedFormat, planDisk } from '../layout/plan-disk.ts';
import { checkStructure } from './check-structure.ts';
import { createPlacement } from './placement.ts';
import { type StreamedFile, streamFile } from './streamed-file.ts';

/** A disk file that is never written, made from a disk that comes as a stream. */
export interface StreamedDisk extends StreamedFile, AsyncDisposable {
  /** Has QEMU find each block of the disk that was read last where the file has it: {@link checkStructure}. */
  checkStructure(options: { readonly signal?: AbortSignal }): Promise<void>;
}

export interface StreamDiskOptions {
  /** The disk from its beginning, at each call; all-zero blocks may be missing. */
  readonly blocks: (options: { readonly signal: AbortSignal }) => AsyncIterable<Block>;
  readonly format: PlannedFormat;
  /** In bytes, a multiple of 512. */
  readonly virtualSize: number;
  /** Of the image, as published: it makes the identifiers in the file. */
  readonly digest: string;
}

/**
 * The file is that which `makeDisk` makes of the same disk.
 *
 * @throws ConvertError `DISK_TOO_LARGE`
 */
export function streamDisk(options: StreamDiskOptions): StreamedDisk {
  const { blocks, format, virtualSize } = options;
  const largest = plan(options, [{ offset: 0, length: virtualSize }]);
  const places = plan(options, []).blocks;
  const { whole, ...file } = streamFile<DiskLayout>({
    maxSize: largest.fileSize,
    headBytes: places.at,
    async read({ place, signal }) {
      const present: Extent[] = [];
      const placeBlock = createPlacement({ places, virtualSize });
      for await (const block of blocks({ signal })) {
        for (const { at, bytes } of placeBlock(block)) await place(at, bytes);
        const offset = block.index * blockSizeBytes;
        present.push({ offset, length: Math.min(blockSizeBytes, virtualSize - offset) });
        block.release();
      }
      return plan(options, present);
    },
  });
  return {
    ...file,
    checkStructure: async ({ signal }) =>
      checkStructure({ layout: await whole(), format, virtualSize, signal }),
  };
}

function plan({ format, virtualSize, digest }: StreamDiskOptions, present: readonly Extent[]) {
  return planDisk({ format, virtualSize, present, digest });
}
