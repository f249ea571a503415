import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { serveDirectory } from '@ec2-image/sample-image';
import { startAccount } from './account.ts';
import { type ImportedImage, runImport } from './import-image.ts';
import { cacheDirectory, type SystemImages } from './system-images.ts';

/** What `ec2-image import --json` reports of an image whose boot was tested. */
export interface BootedImage extends ImportedImage {
  readonly tags: Readonly<Record<string, string>>;
  readonly bootMode: { readonly found: string };
  readonly bootTest: {
    readonly booted: boolean;
    readonly reason: string;
    readonly console: readonly string[];
  };
}

/** QEMU's interpreted processors take minutes, on a busy machine a quarter of an hour, for what EC2's do in seconds. */
const bootLimit = '30m';

/** Imports the first of the images into an empty account, and boots it there on QEMU until it asks for a login. */
export async function bootImage(
  { directory, files: [file] }: SystemImages,
  architecture: 'x86_64' | 'arm64',
): Promise<BootedImage> {
  const scratch = await mkdtemp(join(cacheDirectory(), 'boot-'));
  try {
    await using server = await serveDirectory({ directory });
    await using account = await startAccount({ directory: join(scratch, 'account') });
    const flags = {
      name: 'boot',
      url: `${server.url}/${file}`,
      'checksum-url': `${server.url}/CHECKSUM`,
      arch: architecture,
      bucket: account.bucket,
      'work-dir': join(scratch, 'work'),
      'poll-interval': '5',
      'boot-test': JSON.stringify({ timeout: bootLimit, expect: '\\blogin: ?$' }),
    };
    const { images } = await runImport(
      account,
      Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]),
    );
    return images[0] as BootedImage;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
