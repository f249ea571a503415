import type { ImageFormat } from '@ec2-image/sample-image';
import type { Way } from '../support/crash-points.ts';
import { type GatedImage, gatedImages } from '../support/gated-images.ts';
import type { PublishedDisk } from '../support/images.ts';
import type { Flags } from '../support/import.ts';

/** A way of a disk into the account, beside the one that the matrices of all calls take. */
export interface SendingWay {
  readonly name: string;
  readonly via: Way;
  readonly format: ImageFormat;
  readonly disk?: PublishedDisk;
  /** Its parts are sent while the download waits. */
  readonly gated?: GatedImage;
  readonly flags?: Flags;
}

export type GatedWay = SendingWay & { readonly gated: GatedImage };

const gatedWay = (name: string, gated: GatedImage, way: Partial<SendingWay> = {}): GatedWay => ({
  ...{ name, via: 's3', format: gated.format, disk: gated.disk, gated },
  ...way,
});

/** What is sent while the image is still being downloaded. */
export const gatedWays: readonly GatedWay[] = [
  gatedWay('behind the download of a qcow2', gatedImages.qcow2),
  gatedWay('as it is decompressed', gatedImages['raw.xz']),
  gatedWay('as it is decompressed, by way of ebs', gatedImages['raw.xz'], { via: 'ebs' }),
  gatedWay('behind the download of a qcow2, by way of ebs', gatedImages.qcow2, { via: 'ebs' }),
];

/** A VMDK is no larger than it: of this one two parts are made before the download waits. */
const largerQcow2: GatedImage = {
  ...gatedImages.qcow2,
  disk: { ...gatedImages.qcow2.disk, dataBytes: 48 * 2 ** 20 },
};

/** The same by every other path through the code. */
export const moreGatedWays: readonly GatedWay[] = [
  gatedWay('over four connections behind the download of a qcow2', gatedImages.qcow2, {
    flags: { connections: 4 },
  }),
  gatedWay('as a VMDK behind the download of a qcow2', largerQcow2, { flags: { format: 'vmdk' } }),
  gatedWay('behind the download of a raw image', gatedImages.raw),
  gatedWay('behind the download of a raw image that stays raw', gatedImages.raw, {
    flags: { format: 'raw' },
  }),
  gatedWay('over four connections behind the download of a qcow2, by way of ebs', gatedImages.qcow2, {
    via: 'ebs',
    flags: { connections: 4 },
  }),
  gatedWay('behind the download of a raw image, by way of ebs', gatedImages.raw, { via: 'ebs' }),
  gatedWay('as a raw disk as it is decompressed', gatedImages['raw.xz'], { flags: { format: 'raw' } }),
];

export const qemuWays: readonly SendingWay[] = (['s3', 'ebs'] as const).map((via) => ({
  name: `as qemu-img converts it, by way of ${via}`,
  via,
  format: 'qcow2',
  flags: { converter: 'qemu-img' },
}));
