import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findUnreadable } from '@ec2-image/disk-blocks';
import { type ByteSource, partitionTableBytes } from '@ec2-image/image-headers';
import { ConvertError, diskFullPattern, isDiskFull, temporaryDirectoryFull } from '../errors.ts';
import { blockDevice, type ImageFile } from './block-device.ts';
import { runQemuImg } from './qemu-img.ts';

export interface DiskSourceOptions extends ImageFile {
  /** In bytes. */
  readonly virtualSize: number;
  readonly signal?: AbortSignal;
}

const sectorSize = 512;

/**
 * The disk in an image whose header has been checked, for reading a few short stretches. Its first MiB is read once;
 * every other read starts qemu-img, which takes about 10 ms at any size of the disk.
 */
export function diskSource({ virtualSize, ...options }: DiskSourceOptions): ByteSource {
  let head: Promise<Buffer> | undefined;
  return {
    size: virtualSize,
    async read(offset, length) {
      const end = Math.min(offset + length, virtualSize);
      if (end <= offset) return Buffer.alloc(0);
      if (end <= partitionTableBytes) {
        head ??= readRange(options, { start: 0, end: Math.min(partitionTableBytes, virtualSize) });
        return (await head).subarray(offset, end);
      }
      const start = Math.floor(offset / sectorSize) * sectorSize;
      const range = { start, end: Math.ceil(end / sectorSize) * sectorSize };
      return (await readRange(options, range)).subarray(offset - start, end - start);
    },
  };
}

async function readRange(
  { signal, ...image }: Omit<DiskSourceOptions, 'virtualSize'>,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<Buffer> {
  const temporary = tmpdir();
  const full = (cause: unknown) => temporaryDirectoryFull({ directory: temporary, cause });
  const directory = await mkdtemp(join(temporary, 'ec2-image-')).catch((cause: Error) => {
    throw isDiskFull(cause) ? full(cause) : cause;
  });
  try {
    const output = join(directory, 'range.raw');
    const device = await blockDevice(image, { offset: start, length: end - start });
    const { exitCode, stderr } = await runQemuImg({
      args: ['dd', '-O', 'raw', `bs=${partitionTableBytes}`, `if=${device}`, `of=${output}`],
      maxOutputBytes: end - start,
      signal,
    });
    if (exitCode !== 0) {
      if (diskFullPattern.test(stderr)) throw full(new Error(stderr));
      throw (
        (await findUnreadable(image.path, { signal })) ??
        new ConvertError('CONVERSION_FAILED', `qemu-img cannot read the ${image.format} image: ${stderr}`, {
          hint: 'Check the image with `qemu-img check`, or download it again.',
          facts: { exitCode, stderr },
        })
      );
    }
    return await readFile(output);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
