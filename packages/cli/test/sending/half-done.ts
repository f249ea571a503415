import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { execa } from 'execa';
import { expect } from 'vitest';
import { bucket } from '../support/account.ts';
import type { CrashScene } from '../support/crash-points.ts';
import type { TestImages } from '../support/images.ts';

/**
 * What an import that has not come to its end may leave: an object only where it is the disk, an upload only of that object, a file
 * under its final name only where it is complete.
 */
export async function expectNothingWrong(
  { account, workDirectory }: Pick<CrashScene, 'account' | 'workDirectory'>,
  { disk, directory }: Pick<TestImages, 'disk' | 'directory'>,
): Promise<void> {
  const { objects, uploads } = await account.contents();
  const keys = new Set([...objects, ...uploads.map(({ Key }) => Key!)]);
  // One disk, one key: of the shape by which the janitor and the next run know it.
  expect(keys.size).toBeLessThanOrEqual(1);
  for (const key of keys)
    expect(key).toMatch(/^ec2-image\/test-cloud-icrash\/[0-9a-f]{12}\.(raw|vhdx|vmdk)$/);
  for (const Key of objects) {
    const copy = join(workDirectory, `object${extname(Key)}`);
    const { Body } = await account.s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
    await pipeline(Body as Readable, createWriteStream(copy));
    await expectDisk(copy, disk);
    await rm(copy);
  }
  const files = await readdir(join(workDirectory, 'images'), { recursive: true, withFileTypes: true }).catch(
    () => [],
  );
  for (const file of files.filter((file) => file.isFile())) {
    const path = join(file.parentPath, file.name);
    if (/^disk\.(raw|vhdx|vmdk)$/.test(file.name)) await expectDisk(path, disk);
    const served = (await readdir(directory)).find((name) => file.name.endsWith(name));
    if (served) expect(await sha256(path), basename(path)).toBe(await sha256(join(directory, served)));
  }
}

async function expectDisk(path: string, disk: string): Promise<void> {
  const format = extname(path).slice(1);
  const { stdout } = await execa('qemu-img', ['compare', '-f', format, '-F', 'raw', path, disk], {
    reject: false,
  });
  expect(stdout).toContain('Images are identical.');
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
