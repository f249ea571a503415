import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openGpg } from '@ec2-image/sample-image';
import type { Stage } from './stage.ts';

/** The publisher signs the checksum file, and the reader has the publisher's key. */
export async function writeKeyring({ images, directory }: Stage): Promise<void> {
  await using gpg = await openGpg();
  const publisher = await gpg.makeKey('ed25519');
  const path = join(images.directory, 'CHECKSUM');
  const lines = (await readFile(path, 'utf8')).match(/^SHA256 .*$/gm)!;
  await writeFile(path, await gpg.sign(publisher, `${lines.join('\n')}\n`, ['--clear-sign']));
  await copyFile(await gpg.exportKeys([publisher]), join(directory, 'fedora.asc'));
}
