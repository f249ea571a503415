import { type ImageReader, imageBlocks } from '@ec2-image/disk-blocks';
import { type PlannedFormat, planDisk } from '../layout/plan-disk.ts';
import type { DiskFormat } from '../qemu/output-format.ts';
import { sectorBytes } from './arriving-format.ts';
import type { PlannedFile } from './made-disk.ts';
import { type RangeArrivals, rangeArrivals, rangeMaker } from './make-range.ts';
import { type ArrivingFormat, type ArrivingImageFile, useArriving } from './open-arriving.ts';
import { streamDisk } from './streamed-disk.ts';
import type { StreamedFile } from './streamed-file.ts';
import { streamVmdk, type VmdkMaking } from './streamed-vmdk.ts';

/**
 * The disk of an image that is still being downloaded: a range of it waits for the bytes of the image that it is made from.
 * Nothing of it is proven, nor is the image inspected: that is for `makeDisk`, once the image is verified.
 */
export interface ArrivingDisk extends AsyncDisposable {
  readonly format: DiskFormat;
  /** In bytes; a multiple of 512. */
  readonly virtualSize: number;
  /** Whether its file is the image itself: a raw one that stays raw. There is no `makeDisk` of it. */
  readonly isImage: boolean;
  /**
   * Of a qcow2, whose tables tell what is in it, and of a raw image that stays raw, any range of a file of known size; of a raw
   * image otherwise, and a VMDK, front to back.
   */
  readonly file: (PlannedFile & RangeArrivals) | StreamedFile;
  /** Of a VMDK: for `makeDisk`, which proves it. */
  readonly vmdk?: VmdkMaking;
}

export interface MakeArrivingDiskOptions {
  readonly image: ArrivingImageFile & {
    /** As published. */
    readonly digest: string;
  };
  readonly format: DiskFormat;
  /** Default `auto`. */
  readonly converter?: 'auto' | 'qemu-img';
  /** In bytes of data, zeros not counted; default 64 GiB. */
  readonly maxDiskSize?: number;
  readonly signal?: AbortSignal;
}

/**
 * Plans the disk as soon as the image tells what is in it: a qcow2 when its tables are there, a raw one at once.
 *
 * @returns undefined where the image has to be complete first: our own reader does not take it, or not on its way, or something
 * about it is for `makeDisk` to refuse
 */
export async function makeArrivingDisk(options: MakeArrivingDiskOptions): Promise<ArrivingDisk | undefined> {
  const { image, format, converter = 'auto', maxDiskSize, signal } = options;
  if (converter === 'qemu-img') return undefined;
  // Only a raw image of whole sectors is its own raw disk: the last one of another has to be filled up.
  const isWhole = image.fileSize % sectorBytes === 0;
  const takes = (imageFormat: ArrivingFormat) => isWhole || imageFormat !== 'raw' || format !== 'raw';
  const { digest: _, ...growing } = image;
  return useArriving({ image: growing, takes, maxDiskSize, signal }, (reader) =>
    arrivingDiskOf(reader, options),
  );
}

function arrivingDiskOf(
  reader: ImageReader,
  options: MakeArrivingDiskOptions,
): Promise<ArrivingDisk | undefined> {
  const { format } = options;
  if (format === 'vmdk') return streamedVmdk(reader, options);
  const isPlanned = reader.format === 'qcow2' || format === 'raw';
  return (isPlanned ? planned : streamed)(reader, { ...options, format });
}

type Planning = MakeArrivingDiskOptions & { readonly format: PlannedFormat };

/** Of a raw image that is on its way, what of it is zeros is seen when it is deflated. */
async function streamedVmdk(
  reader: ImageReader,
  { image: { digest }, signal }: MakeArrivingDiskOptions,
): Promise<ArrivingDisk | undefined> {
  const { sizeBytes: virtualSize } = reader;
  const present = await reader.present({ signal });
  const file = streamVmdk({ reader, present, digest });
  return {
    format: 'vmdk',
    virtualSize,
    isImage: false,
    file,
    vmdk: file,
    async [Symbol.asyncDispose]() {
      await file[Symbol.asyncDispose]();
      await reader[Symbol.asyncDispose]();
    },
  };
}

async function planned(
  reader: ImageReader,
  { image, format, signal }: Planning,
): Promise<ArrivingDisk | undefined> {
  const { sizeBytes: virtualSize } = reader;
  const present = await reader.present({ signal });
  const isImage = reader.format === 'raw';
  const layout = planDisk({ format, virtualSize, present, digest: image.digest });
  return {
    format,
    virtualSize,
    isImage,
    file: {
      size: layout.fileSize,
      make: rangeMaker({ layout, reader }),
      ...rangeArrivals({ layout, reader }),
    },
    [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
  };
}

async function streamed(reader: ImageReader, { image, format }: Planning): Promise<ArrivingDisk> {
  const { sizeBytes: virtualSize } = reader;
  const blocks = ({ signal }: { readonly signal: AbortSignal }) =>
    imageBlocks({ reader, digests: false, signal });
  const disk = streamDisk({ blocks, format, virtualSize, digest: image.digest });
  return {
    format,
    virtualSize,
    isImage: false,
    file: disk,
    async [Symbol.asyncDispose]() {
      await disk[Symbol.asyncDispose]();
      await reader[Symbol.asyncDispose]();
    },
  };
}
