import { type FileHandle, open } from 'node:fs/promises';
import { type ByteSource, fileSource } from '@ec2-image/image-headers';
import { ConvertError } from './errors.ts';

/**
 * Opens a file for reading headers.
 *
 * @throws ConvertError `IMAGE_NOT_READABLE`
 */
export async function withSource<T>(path: string, use: (source: ByteSource) => Promise<T>): Promise<T> {
  let handle: FileHandle;
  try {
    handle = await open(path);
  } catch (cause) {
    const { code = 'unknown error' } = cause as { code?: string };
    // That is nothing of the file's.
    if (code === 'EMFILE' || code === 'ENFILE') throw cause;
    throw notReadable(path, code, cause);
  }
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw notReadable(path, 'it is not a regular file');
    return await use(fileSource(handle, stats.size));
  } finally {
    await handle.close();
  }
}

function notReadable(path: string, why: string, cause?: unknown): ConvertError {
  return new ConvertError('IMAGE_NOT_READABLE', `cannot read the image ${path}: ${why}`, {
    hint: 'Use the path of a file that you can read.',
    cause,
    facts: { path },
  });
}
