import { open, readdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Changes one bit of a file's data in place, behind a part of it (default a quarter): its size and its times stay as
 * they are. Twice, and the file is what it was.
 */
export async function alterFile(path: string, { behind = 1 / 4 } = {}): Promise<void> {
  const { size, atime, mtime } = await stat(path);
  const file = await open(path, 'r+');
  const start = Math.floor(size * behind);
  const { buffer } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
  // Not the lowest bits: what stays other than zero is found again.
  const at = Math.max(
    0,
    buffer.findIndex((byte) => byte > 1),
  );
  await file.write(Buffer.of(buffer[at]! ^ 1), 0, 1, start + at);
  await file.close();
  await utimes(path, atime, mtime);
}

/** Alters every file below a directory but locks, and gives their names. */
export async function alterFilesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.lock'));
  for (const { parentPath, name } of files) await alterFile(join(parentPath, name));
  return files.map(({ name }) => name).sort();
}
