import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageFormat } from '@ec2-image/sample-image';
import { testWith } from './fixtures.ts';
import { type GatedMirror, type GatedMirrorOptions, openGatedMirror } from './gated-mirror.ts';
import type { PublishedDisk, TestImages } from './images.ts';

const mebibyte = 2 ** 20;

/** An image of which two parts at least can be sent while its download waits before its end. */
export interface GatedImage {
  readonly format: ImageFormat;
  readonly disk: PublishedDisk;
  /** Where the download waits, in bytes before the end of the file. */
  readonly gateBeforeEnd: number;
}

export const gatedImages = {
  // A table of its own for the end of the disk, where the backup of the GPT is: in the file it comes behind the data. It is
  // fetched out of turn, wherever the download is by then.
  qcow2: {
    format: 'qcow2',
    disk: { sizeBytes: 520 * mebibyte, dataBytes: 24 * mebibyte },
    gateBeforeEnd: 6 * mebibyte,
  },
  raw: {
    format: 'raw',
    disk: { sizeBytes: 40 * mebibyte, dataBytes: 28 * mebibyte },
    gateBeforeEnd: 6 * mebibyte,
  },
  'raw.xz': {
    format: 'raw.xz',
    disk: { sizeBytes: 64 * mebibyte, dataBytes: 28 * mebibyte },
    gateBeforeEnd: 4 * mebibyte,
  },
  'raw.zst': {
    format: 'raw.zst',
    disk: { sizeBytes: 64 * mebibyte, dataBytes: 28 * mebibyte },
    gateBeforeEnd: 4 * mebibyte,
  },
} as const satisfies Record<string, GatedImage>;

/** Serves the image of {@link publishImages}. */
export async function openGate(
  images: Pick<TestImages, 'directory'>,
  { format, gateBeforeEnd }: GatedImage,
  options: Partial<GatedMirrorOptions> = {},
): Promise<GatedMirror> {
  const { directory } = images;
  const name = `Test-Cloud-1.0.x86_64.${format}`;
  const { size } = await stat(join(directory, name));
  return openGatedMirror({ directory, name, gateAt: size - gateBeforeEnd, ...options });
}

/** Tests of the command on one such image. */
export function testOfGated(image: GatedImage, options: Parameters<typeof testWith>[0] = {}) {
  const { format, disk } = image;
  return testWith({ ...options, formats: [format], disk }).extend(
    'mirror',
    ({ images }, { onCleanup }) =>
      async (given: Partial<GatedMirrorOptions> = {}) => {
        const mirror = await openGate(images, image, given);
        onCleanup(() => mirror[Symbol.asyncDispose]());
        return mirror;
      },
  );
}
