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

/** What is sent while the image is still being downloaded. */
export const gatedWays: readonly (SendingWay & { readonly gated: GatedImage })[] = [
  { name: 'behind the download of a qcow2', gated: gatedImages.qcow2 },
  { name: 'as it is decompressed', gated: gatedImages['raw.xz'] },
].map((way) => ({ ...way, via: 's3', format: way.gated.format, disk: way.gated.disk }));

export const qemuWays: readonly SendingWay[] = (['s3', 'ebs'] as const).map((via) => ({
  name: `as qemu-img converts it, by way of ${via}`,
  via,
  format: 'qcow2',
  flags: { converter: 'qemu-img' },
}));
