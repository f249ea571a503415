import { type ImageReaderOptions, openImageReader } from '@ec2-image/disk-blocks';
import { isExplained } from '@ec2-image/explained-error';
import { defaultMaxDiskSize } from '../errors.ts';
import { planDisk } from '../layout/plan-disk.ts';
import type { DiskFormat } from '../qemu/output-format.ts';
import type { MadeDisk } from './made-disk.ts';
import { rangeMaker } from './make-range.ts';

/**
 * The disk of an image that is still being downloaded: a range of it waits for the bytes of the image that it is made from.
 * Nothing of it is proven, nor is the image inspected: that is for `makeDisk`, once the image is verified.
 */
export interface ArrivingDisk
  extends Pick<MadeDisk, 'format' | 'size' | 'virtualSize' | 'make'>,
    AsyncDisposable {}

export interface MakeArrivingDiskOptions {
  readonly image: NonNullable<ImageReaderOptions['growing']> & {
    readonly path: string;
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
 * Plans the disk as soon as the tables of the image are there.
 *
 * @returns undefined where the image has to be complete first: it is not a qcow2 that our own reader takes, or something about it
 * is for `makeDisk` to refuse
 */
export async function makeArrivingDisk(options: MakeArrivingDiskOptions): Promise<ArrivingDisk | undefined> {
  const { image, format, converter = 'auto', maxDiskSize = defaultMaxDiskSize, signal } = options;
  if (converter === 'qemu-img' || format === 'vmdk') return undefined;
  const { path, digest, ...growing } = image;
  const { reader } = await openImageReader({ path, format: 'qcow2', growing, signal });
  if (!reader) return undefined;
  try {
    const { sizeBytes: virtualSize } = reader;
    const present = await reader.present({ signal });
    if (present.reduce((sum, { length }) => sum + length, 0) <= maxDiskSize) {
      const layout = planDisk({ format, virtualSize, present, digest });
      return {
        format,
        size: layout.fileSize,
        virtualSize,
        make: rangeMaker({ layout, reader }),
        [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
      };
    }
  } catch (error) {
    await reader[Symbol.asyncDispose]();
    signal?.throwIfAborted();
    if (!isExplained(error)) throw error;
    return undefined;
  }
  await reader[Symbol.asyncDispose]();
  return undefined;
}
