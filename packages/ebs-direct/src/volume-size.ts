import { blockCount } from '@ec2-image/disk-blocks';

/** EBS counts volumes in whole GiB. */
export function volumeSizeGiB(sizeBytes: number): number {
  return Math.max(1, Math.ceil(sizeBytes / 2 ** 30));
}

/** Blocks of the volume that a disk goes into, those past the disk's end included. */
export function volumeBlocks(sizeBytes: number): number {
  return blockCount(volumeSizeGiB(sizeBytes) * 2 ** 30);
}
