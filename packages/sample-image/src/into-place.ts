import { rename, rm } from 'node:fs/promises';

/** Lets `make` fill a file beside `path`, and renames it to `path` once it is whole; a failure leaves nothing behind. */
export async function intoPlace<T>(path: string, make: (partial: string) => Promise<T>): Promise<T> {
  const partial = `${path}.${process.pid}.partial`;
  try {
    const made = await make(partial);
    await rename(partial, path);
    return made;
  } finally {
    await rm(partial, { force: true });
  }
}
