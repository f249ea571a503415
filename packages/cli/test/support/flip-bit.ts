import { open, readFile } from 'node:fs/promises';

/** Changes one bit of a file; by default in its last byte that is not zero, which is data in every disk format. */
export async function flipBit(path: string, offset?: number): Promise<void> {
  const content = await readFile(path);
  const at = offset ?? content.findLastIndex((byte) => byte !== 0);
  const file = await open(path, 'r+');
  await file.write(Buffer.of(content[at]! ^ 1), 0, 1, at);
  await file.close();
}
