import { open, readdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

/** Changes one bit in the middle of a file's data, in place: its size and its times stay as they are. */
export async function alterFile(path: string): Promise<void> {
  const { size, atime, mtime } = await stat(path);
  const file = await open(path, 'r+');
  const start = Math.floor(size / 4);
  const { buffer } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
  const at = buffer.findIndex((byte) => byte !== 0);
  if (at >= 0) await file.write(Buffer.of(buffer[at]! ^ 1), 0, 1, start + at);
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
