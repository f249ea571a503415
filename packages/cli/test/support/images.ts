import { join } from 'node:path';
import {
  type DirectoryServer,
  type ImageFormat,
  makeSampleDisk,
  packImage,
  serveDirectory,
  writeChecksumFile,
} from '@ec2-image/sample-image';
import { temporaryDirectory } from './temporary-directory.ts';

export interface TestImages extends AsyncDisposable {
  /** What is in every image. */
  readonly disk: string;
  /** Where the served files are. */
  readonly directory: string;
  readonly server: DirectoryServer;
  url(format: ImageFormat): string;
  readonly checksumUrl: string;
}

/** A small system disk, published in these formats: as a VHDX it is an upload of two parts. */
export async function publishImages(
  formats: readonly ImageFormat[],
  {
    sizeBytes = 16 * 2 ** 20,
    dataBytes = 2 ** 20,
  }: { readonly sizeBytes?: number; readonly dataBytes?: number } = {},
): Promise<TestImages> {
  const directory = await temporaryDirectory('served');
  const { path: disk } = await makeSampleDisk({
    path: join(await temporaryDirectory('disk'), 'disk.raw'),
    sizeBytes,
    dataBytes,
  });
  const name = (format: ImageFormat) => `Test-Cloud-1.0.x86_64.${format}`;
  const images = await Promise.all(
    formats.map((format) =>
      packImage({ disk: { path: disk }, format, output: join(directory, name(format)) }),
    ),
  );
  await writeChecksumFile({
    path: join(directory, 'CHECKSUM'),
    files: images.map(({ path }) => path),
    clearSigned: true,
  });
  const server = await serveDirectory({ directory });
  return {
    disk,
    directory,
    server,
    url: (format) => `${server.url}/${name(format)}`,
    checksumUrl: `${server.url}/CHECKSUM`,
    [Symbol.asyncDispose]: () => server.close(),
  };
}
