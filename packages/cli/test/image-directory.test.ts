import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDigest } from '@ec2-image/provenance';
import { expect, test } from 'vitest';
import { imagesDirectory, openImageDirectory } from '../src/work-directory/image-directory.ts';
import { imageDirectoryName } from '../src/work-directory/marker.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const digest = parseDigest(`sha256:${'ab'.repeat(32)}`)!;
const marker = `Made by ec2-image; removed with the files beside it. Image: ${digest}\n`;

/** What is left of a directory that held these files when a run of the image had ended in it. */
async function leftOf(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const workDirectory = await temporaryDirectory('image-directory');
  const path = join(imagesDirectory(workDirectory), imageDirectoryName(digest));
  await mkdir(path, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  const directory = await openImageDirectory({ workDirectory, digest });
  await directory.remove();
  directory.release();
  return readdir(path).catch(() => []);
}

test('a directory whose marker was cut off is ours', async () => {
  for (const length of [0, 1, marker.length - 1, marker.length])
    expect(await leftOf({ '.ec2-image-work': marker.slice(0, length) }), `${length} bytes`).toEqual([]);
});

test('a directory with another marker, or with other files beside one that was cut off, is not', async () => {
  expect(await leftOf({ '.ec2-image-work': 'theirs' })).toEqual(['.ec2-image-work']);
  expect(await leftOf({ '.ec2-image-work': '', notes: '' })).toEqual(['.ec2-image-work', 'notes']);
});
