import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { partitionTableBytes } from '@ec2-image/image-headers';
import { ConvertError } from '../errors.ts';
import { blockDevice, type ImageFile } from './block-device.ts';
import { runQemuImg } from './qemu-img.ts';

/** The first MiB of the disk in an image whose header has been checked. Takes about 10 ms at any size. */
export async function readDiskHead({
  signal,
  ...image
}: ImageFile & { readonly signal?: AbortSignal }): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), 'ec2-image-'));
  try {
    const head = join(directory, 'head.raw');
    const { exitCode, stderr } = await runQemuImg({
      args: [
        'dd',
        '-O',
        'raw',
        `bs=${partitionTableBytes}`,
        'count=1',
        `if=${await blockDevice(image)}`,
        `of=${head}`,
      ],
      maxOutputBytes: partitionTableBytes,
      signal,
    });
    if (exitCode !== 0) {
      throw new ConvertError(
        'CONVERSION_FAILED',
        `qemu-img cannot read the ${image.format} image: ${stderr}`,
        {
          hint: 'Check the image with `qemu-img check`, or download it again.',
          facts: { exitCode, stderr },
        },
      );
    }
    return await readFile(head);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
