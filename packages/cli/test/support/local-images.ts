import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeSampleDisk } from '@ec2-image/sample-image';
import { execa } from 'execa';
import { temporaryDirectory } from './temporary-directory.ts';

export type LocalFormat = 'raw' | 'qcow2' | 'raw.xz' | 'raw.gz' | 'qcow2.gz';

export interface LocalImage {
  readonly path: string;
  readonly sha256: string;
}

export interface LocalImages {
  /** What is in every image. */
  readonly disk: string;
  readonly directory: string;
  /** Made when it is first asked for. */
  image(format: LocalFormat): Promise<LocalImage>;
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
  const pathOf = (format: LocalFormat) => join(directory, `Test.${format}`);
  await makeSampleDisk({ path: pathOf('raw'), sizeBytes, dataBytes });
  const images = new Map<LocalFormat, Promise<LocalImage>>();

  async function make(format: LocalFormat): Promise<LocalImage> {
    const path = pathOf(format);
    if (format === 'qcow2') {
      await execa('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', pathOf('raw'), path]);
    } else if (format === 'raw.xz') {
      await execa('xz', ['-0', '--threads=2', '--keep', pathOf('raw')]);
    } else if (format !== 'raw') {
      const { path: unpacked } = await image(format === 'raw.gz' ? 'raw' : 'qcow2');
      await execa('gzip', ['-1', '--keep', unpacked]);
    }
    const sha256 = createHash('sha256').update(await readFile(path));
    return { path, sha256: sha256.digest('hex') };
  }

  function image(format: LocalFormat): Promise<LocalImage> {
    const made = images.get(format) ?? make(format);
    images.set(format, made);
    return made;
  }

  return { disk: pathOf('raw'), directory, image };
}
