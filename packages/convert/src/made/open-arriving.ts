import { type FileHandle, open } from 'node:fs/promises';
import { type GrowingFile, type ImageReader, openImageReader } from '@ec2-image/disk-blocks';
import { isExplained } from '@ec2-image/explained-error';
import { defaultMaxDiskSize } from '../errors.ts';
import { arrivingFormat } from './arriving-format.ts';

export type ArrivingFormat = 'qcow2' | 'raw';

export interface ArrivingImageFile extends GrowingFile {
  readonly path: string;
}

interface OpenArrivingOptions {
  readonly image: ArrivingImageFile;
  /** In bytes of data of a qcow2, zeros not counted; default 64 GiB. */
  readonly maxDiskSize?: number | undefined;
  readonly signal?: AbortSignal;
}

/**
 * Opens an image that is still being downloaded, for its blocks to be read while it arrives: a qcow2 when its tables are there,
 * a raw one at once. Nothing of it is inspected or verified.
 *
 * @returns undefined where the image has to be complete first: our own reader does not take it, or not on its way, or something
 * about it is for `inspectImage` to refuse
 * @throws the signal's reason, and that of the download where it fails
 */
export function openArrivingImage(options: OpenArrivingOptions): Promise<ImageReader | undefined> {
  return useArriving(options, async (reader) => {
    await reader.present(options);
    return reader;
  });
}

/**
 * Opens the reader and makes something of it that is to close it. Where there is nothing of the kind, or the image is not as it
 * should be, it is closed here.
 *
 * @param options.takes whether an image of this format is wanted. Default: each.
 */
export async function useArriving<T>(
  {
    image: { path, ...growing },
    takes = () => true,
    maxDiskSize = defaultMaxDiskSize,
    signal,
  }: OpenArrivingOptions & {
    readonly takes?: (format: ArrivingFormat) => boolean;
  },
  use: (reader: ImageReader) => Promise<T | undefined>,
): Promise<T | undefined> {
  // Opened once: the file gets another name when all of it is there.
  const file = await openUnfinished(path);
  if (!file) return undefined;
  try {
    const format = await formatOf(file, growing, signal);
    if (!format || !takes(format)) return void (await file.close());
    const maxDataBytes = format === 'qcow2' ? maxDiskSize : undefined;
    const { reader } = await openImageReader({ path, file, format, growing, maxDataBytes, signal });
    if (!reader) return undefined;
    try {
      const made = await use(reader);
      if (made) return made;
    } catch (error) {
      await reader[Symbol.asyncDispose]();
      throw error;
    }
    await reader[Symbol.asyncDispose]();
  } catch (error) {
    signal?.throwIfAborted();
    if (!isExplained(error)) throw error;
  }
  return undefined;
}

/** What can be read of the file while it grows. */
async function formatOf(
  file: FileHandle,
  growing: GrowingFile,
  signal: AbortSignal | undefined,
): Promise<ArrivingFormat | undefined> {
  try {
    return await arrivingFormat(file, growing, signal);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Undefined where it has been finished meanwhile, under its final name. */
async function openUnfinished(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
