import { resolve } from 'node:path';
import { type ImageFormat, readImageHeader } from '@ec2-image/image-headers';
import { withSource } from '../with-source.ts';

/** A disk image as qemu-img opens it. */
export interface ImageFile {
  readonly path: string;
  readonly format: ImageFormat;
}

/** QEMU's names where they are not ours. */
export const qemuDriver: Readonly<Record<ImageFormat, string>> = {
  raw: 'raw',
  qcow2: 'qcow2',
  vmdk: 'vmdk',
  vhd: 'vpc',
  vhdx: 'vhdx',
};

/** The formats that can name a backing file in their header. */
const canHaveBacking: readonly ImageFormat[] = ['qcow2', 'vmdk'];

/** A stretch of a disk, in bytes; both are multiples of 512. */
export interface DiskRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * The image, or a stretch of the disk in it, as a `json:` name, which leaves QEMU nothing to guess: driver and file are
 * stated, and `backing: null` overrides whatever the header names. (`--image-opts` can say the same only as `backing=`,
 * which is deprecated.) Of a VHD the rule for its size is stated too, which is read from its header: QEMU's versions differ in it.
 *
 * @throws ImageHeaderError, ConvertError `IMAGE_NOT_READABLE` of a VHD that has changed since it was inspected
 */
export async function blockDevice({ path, format }: ImageFile, range?: DiskRange): Promise<string> {
  const disk = {
    driver: qemuDriver[format],
    ...(canHaveBacking.includes(format) && { backing: null }),
    ...(format === 'vhd' && { force_size_calc: (await withSource(path, readImageHeader)).vhdSizeRule }),
    file: { driver: 'file', filename: resolve(path) },
  };
  const device = range ? { driver: 'raw', offset: range.offset, size: range.length, file: disk } : disk;
  return `json:${JSON.stringify(device)}`;
}
