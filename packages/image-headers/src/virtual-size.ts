import { ImageHeaderError } from './errors.ts';

/** EBS volumes end at 64 TiB; nothing beyond it can become a snapshot. */
export const maxVirtualSize = 64 * 1024 ** 4;

/** In bytes: every virtual disk is a whole number of them. */
export const sectorSize = 512;

/**
 * A virtual size from a header, as a number.
 *
 * @throws ImageHeaderError `DISK_TOO_LARGE` above 64 TiB
 */
export function virtualSizeOf(bytes: bigint): number {
  if (bytes > BigInt(maxVirtualSize)) {
    throw new ImageHeaderError('DISK_TOO_LARGE', `the image header declares a disk of ${bytes} bytes`, {
      hint: 'An EBS volume is limited to 64 TiB: use an image with a smaller disk.',
      facts: { virtualSize: String(bytes), limit: maxVirtualSize },
    });
  }
  return Number(bytes);
}
