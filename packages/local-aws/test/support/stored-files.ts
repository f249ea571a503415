import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** How many bytes an emulator keeps of bodies, those included that are under way. */
export async function bytesOfBodies(directory: string): Promise<number> {
  const blobs = join(directory, 'blobs');
  const entries = await readdir(blobs, { recursive: true, withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries)
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  return bytes;
}
