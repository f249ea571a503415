import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { DiskBlocksError, type ImageReader, openImageReader } from '@ec2-image/disk-blocks';
import { isDiskFull, workDirectoryFull } from './errors.ts';
import { requireFreeSpace } from './free-space.ts';
import { planDisk } from './layout/plan-disk.ts';
import { vmdkPieces } from './layout/vmdk/vmdk-pieces.ts';
import { writePlanned } from './layout/write-planned.ts';
import { writeStream } from './layout/write-stream.ts';
import type { WriteDiskOptions } from './qemu/write-disk.ts';

export interface ReadAndWriteOptions extends WriteDiskOptions {
  /** Of the image, as published; random identifiers where it is not known. */
  readonly digest?: string;
  readonly onNotice?: (message: string) => void;
}

/**
 * Converts an image without a program: worker threads read it, and the file is written from front to back.
 *
 * @returns false where qemu-img has to do it, which takes more kinds of images, and says what is wrong with one
 * @throws ConvertError `DISK_TOO_LARGE`, `WORK_DIRECTORY_FULL`
 */
export async function readAndWrite(options: ReadAndWriteOptions): Promise<boolean> {
  const { source, signal, onNotice } = options;
  const { path, format } = source;
  if (format !== 'qcow2' && format !== 'raw') return false;
  const { reader } = await openImageReader({ path, format, signal });
  if (!reader) return false;
  await using _ = reader;
  try {
    await write(reader, options);
    return true;
  } catch (error) {
    signal?.throwIfAborted();
    if (isDiskFull(error)) throw workDirectoryFull({ directory: dirname(options.output), cause: error });
    if (!(error instanceof DiskBlocksError)) throw error;
    onNotice?.(`${error.message}; converting with qemu-img`);
    return false;
  }
}

async function write(reader: ImageReader, options: ReadAndWriteOptions): Promise<void> {
  const { source, format, output, virtualSize, digest = randomUUID(), signal, onBytes } = options;
  // Of a raw file, zeros are found by reading them: its holes are not the same on every machine.
  const present = await (source.format === 'raw' ? reader.nonZero({ signal }) : reader.present({ signal }));
  if (format === 'vmdk') {
    const pieces = vmdkPieces({ reader, present, digest, signal, onBytes });
    await writeStream({ pieces, output });
    return;
  }
  const layout = planDisk({ format, virtualSize, present, digest });
  const presentBytes = present.reduce((sum, { length }) => sum + length, 0);
  await requireFreeSpace(dirname(output), presentBytes);
  await writePlanned({
    layout,
    reader,
    output,
    signal,
    onBytes: (done) => onBytes?.(Math.floor((done / layout.fileSize) * virtualSize)),
  });
}
