import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeSampleDisk, packImage, serveDirectory, writeChecksumFile } from '@ec2-image/sample-image';

export interface ServedImages extends AsyncDisposable {
  readonly images: readonly { readonly name: string; readonly url: string; readonly checksumUrl: string }[];
}

const formats = ['qcow2', 'raw.xz'] as const;

/** Enough for an upload of several parts and a bar that moves. */
export const demoDiskBytes = 96 * 2 ** 20;

/**
 * Two disks, one as qcow2 and one as raw.xz, published as a distribution would: over HTTP, with a checksum file beside
 * them. The disks themselves stay in the directory, as `<name>.raw`, which is not served to anybody.
 */
export async function serveSampleImages({
  directory,
  signal,
}: {
  readonly directory: string;
  readonly signal: AbortSignal;
}): Promise<ServedImages> {
  const published = join(directory, 'published');
  await mkdir(published, { recursive: true });
  const images = await Promise.all(
    formats.map(async (format, seed) => {
      const name = `demo-${format.replace('.', '-')}`;
      const disk = await makeSampleDisk({
        path: join(directory, `${name}.raw`),
        sizeBytes: demoDiskBytes,
        seed,
        label: 'demo',
        // A program that prints a login prompt: a boot test of its AMI passes.
        boot: { bios: true },
        signal,
      });
      const fileName = `Demo-Cloud-Base-1.0.x86_64.${format}`;
      return {
        name,
        fileName,
        image: await packImage({ disk, format, output: join(published, fileName), signal }),
      };
    }),
  );
  const checksumFile = 'Demo-Cloud-1.0-x86_64-CHECKSUM';
  await writeChecksumFile({
    path: join(published, checksumFile),
    files: images.map(({ image }) => image.path),
    clearSigned: true,
    signal,
  });
  const server = await serveDirectory({ directory: published, signal });
  return {
    images: images.map(({ name, fileName }) => ({
      name,
      url: `${server.url}/${fileName}`,
      checksumUrl: `${server.url}/${checksumFile}`,
    })),
    [Symbol.asyncDispose]: () => server.close(),
  };
}
