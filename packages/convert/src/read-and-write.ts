import { randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DiskBlocksError } from '@ec2-image/disk-blocks';
import { writeSparse } from './decompress/sparse-writer.ts';
import { isDiskFull, workDirectoryFull } from './errors.ts';
import { requireFreeSpace } from './free-space.ts';
import { fileChunks } from './made/file-chunks.ts';
import type { MadeDisk } from './made/made-disk.ts';
import { openMadeDisk } from './made/open-made-disk.ts';
import type { WriteDiskOptions } from './qemu/write-disk.ts';

export interface ReadAndWriteOptions extends WriteDiskOptions {
  /** Of the image, as published; random identifiers where it is not known. */
  readonly digest?: string;
  readonly onNotice?: (message: string) => void;
}

/**
 * Converts an image without a program: the disk that is made of it is written to a file, from front to back.
 *
 * @returns false where qemu-img has to do it, which takes more kinds of images, and says what is wrong with one
 * @throws ConvertError `DISK_TOO_LARGE`, `WORK_DIRECTORY_FULL`
 */
export async function readAndWrite(options: ReadAndWriteOptions): Promise<boolean> {
  const { source, format, output, virtualSize, digest = randomUUID(), signal, onNotice } = options;
  try {
    await using made = await openMadeDisk({ image: { ...source, virtualSize }, format, digest, signal });
    if (!made) return false;
    // Nobody knows how well a disk compresses.
    if (format !== 'vmdk') await requireFreeSpace(dirname(output), made.dataBytes);
    await write(made, options);
    return true;
  } catch (error) {
    signal?.throwIfAborted();
    if (isDiskFull(error)) throw workDirectoryFull({ directory: dirname(output), cause: error });
    if (!(error instanceof DiskBlocksError)) throw error;
    onNotice?.(`${error.message}; converting with qemu-img`);
    return false;
  }
}

async function write({ file }: MadeDisk, { output, virtualSize, signal, onBytes }: WriteDiskOptions) {
  const greatest = 'size' in file ? file.size : file.maxSize;
  await using handle = await open(output, 'wx');
  await writeSparse(handle, fileChunks(file, signal), (done) => {
    signal?.throwIfAborted();
    onBytes?.(Math.floor((done / greatest) * virtualSize));
  });
  onBytes?.(virtualSize);
}
