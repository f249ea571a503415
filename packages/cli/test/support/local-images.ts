import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeSampleDisk } from '@ec2-image/sample-image';
import { execa } from 'execa';
import { temporaryDirectory } from './temporary-directory.ts';

export const imageFormats = ['raw', 'qcow2', 'raw.xz', 'raw.gz', 'qcow2.gz'] as const;
export type LocalFormat = (typeof imageFormats)[number];

export interface LocalImage {
  readonly path: string;
  readonly sha256: string;
}

export interface LocalImages {
  /** What is in every image. */
  readonly disk: string;
  readonly directory: string;
  readonly images: Readonly<Record<LocalFormat, LocalImage>>;
}

/** A small system disk as files of these formats, made by the tools that publishers use. */
export async function makeLocalImages({
  sizeBytes,
  dataBytes,
}: {
  readonly sizeBytes: number;
  readonly dataBytes: number;
}): Promise<LocalImages> {
  const directory = await temporaryDirectory('local-images');
  const raw = join(directory, 'Test.raw');
  await makeSampleDisk({ path: raw, sizeBytes, dataBytes });
  const qcow2 = join(directory, 'Test.qcow2');
  await execa('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, qcow2]);
  await Promise.all([
    ...[raw, qcow2].map((path) => execa('gzip', ['-1', '--keep', path])),
    execa('xz', ['-0', '--threads=2', '--keep', raw]),
  ]);
  const image = async (format: LocalFormat): Promise<[LocalFormat, LocalImage]> => {
    const path = join(directory, `Test.${format}`);
    return [
      format,
      {
        path,
        sha256: createHash('sha256')
          .update(await readFile(path))
          .digest('hex'),
      },
    ];
  };
  const images = Object.fromEntries(await Promise.all(imageFormats.map(image))) as LocalImages['images'];
  return { disk: raw, directory, images };
}
