import { createReadStream } from 'node:fs';
import { DiskBlocksError } from './errors.ts';

const readBytes = 2 ** 20;

/**
 * QEMU has one error for an image that makes no sense and for a file that the device it lies on does not give. This reads
 * the file again, and tells which: undefined where every byte of it can be read.
 *
 * @returns DiskBlocksError `IMAGE_NOT_READABLE`
 * @throws the reason of an abort
 */
export async function findUnreadable(
  path: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<DiskBlocksError | undefined> {
  let offset = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: readBytes }) as AsyncIterable<Buffer>) {
      signal?.throwIfAborted();
      offset += chunk.length;
    }
    return undefined;
  } catch (cause) {
    signal?.throwIfAborted();
    return new DiskBlocksError(
      'IMAGE_NOT_READABLE',
      `cannot read ${path} at byte ${offset}: ${(cause as Error).message}`,
      {
        hint: 'Check the device that the file lies on (the kernel log tells of its errors), then run the same command again.',
        cause,
        facts: { path, offset },
      },
    );
  }
}
