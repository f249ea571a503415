import { rm } from 'node:fs/promises';
import type { ImageRun } from './run.ts';

/** A later run must not take it. What has been uploaded of it is compared part by part with the next one. */
export async function discardDisk({ directory, request }: ImageRun): Promise<void> {
  const disk = directory.diskPath(request.format);
  await Promise.all([disk, `${disk}.decompressed`].map((path) => rm(path, { force: true })));
}
