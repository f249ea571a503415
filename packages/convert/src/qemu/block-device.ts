import { resolve } from 'node:path';
import type { ImageFormat } from '@ec2-image/image-headers';

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
 * which is deprecated.)
 */
export function blockDevice({ path, format }: ImageFile, range?: DiskRange): string {
  const disk = {
    driver: qemuDriver[format],
    ...(canHaveBacking.includes(format) && { backing: null }),
    file: { driver: 'file', filename: resolve(path) },
  };
  const device = range ? { driver: 'raw', offset: range.offset, size: range.length, file: disk } : disk;
  return `json:${JSON.stringify(device)}`;
}
