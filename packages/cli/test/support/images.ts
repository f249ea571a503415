import { open } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type DirectoryServer,
  type ImageFormat,
  makeSampleDisk,
  packImage,
  type SampleBoot,
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

export interface PublishedDisk {
  readonly sizeBytes?: number;
  readonly dataBytes?: number;
  /** Data in every block of 512 KiB: with `omit-holes` just those are written, and nothing past the disk's end. */
  readonly isFull?: boolean;
  /** Of these formats the file's name says arm64; the others say x86_64. */
  readonly arm64?: readonly ImageFormat[];
  /** Default: nothing, and where any is for arm64, loaders of both architectures. */
  readonly boot?: SampleBoot;
}

/** A small system disk, published in these formats. Of one size everywhere: large enough for an upload of two parts. */
export async function publishImages(
  formats: readonly ImageFormat[],
  { sizeBytes = 16 * 2 ** 20, dataBytes = 2 ** 20, isFull = false, arm64 = [], boot }: PublishedDisk = {},
): Promise<TestImages> {
  const directory = await temporaryDirectory('served');
  const { path: disk } = await makeSampleDisk({
    path: join(await temporaryDirectory('disk'), 'disk.raw'),
    sizeBytes,
    dataBytes,
    boot: boot ?? (arm64.length > 0 ? { efi: ['x86_64', 'arm64'] } : undefined),
  });
  if (isFull) await fillBlocks(disk);
  const name = (format: ImageFormat) =>
    `Test-Cloud-1.0.${arm64.includes(format) ? 'aarch64' : 'x86_64'}.${format}`;
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

/** A byte that is in no file of the disk: into each block that would be all zeros. */
async function fillBlocks(path: string): Promise<void> {
  await using disk = await open(path, 'r+');
  const block = Buffer.alloc(524_288);
  for (let at = 0; (await disk.read(block, 0, block.length, at)).bytesRead > 0; at += block.length)
    if (block.every((byte) => byte === 0)) await disk.write(Buffer.of(1), 0, 1, at + 4096);
}
