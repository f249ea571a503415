import { createReadStream } from 'node:fs';

/** Reads files once, so that no contestant finds them on the disk that the next one finds in memory. */
export async function fillPageCache(paths: readonly string[]): Promise<void> {
  for (const path of paths) for await (const _ of createReadStream(path, { highWaterMark: 2 ** 20 }));
}
