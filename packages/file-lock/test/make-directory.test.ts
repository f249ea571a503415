import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDirectory } from '@ec2-image/file-lock';
import { expect, onTestFinished, test } from 'vitest';

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'make-directory-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

test('makes what is missing, by several at a time', async () => {
  const directory = await temporaryDirectory();
  const path = join(directory, 'a', 'b', 'c');
  await Promise.all([makeDirectory(path), makeDirectory(path), makeDirectory(join(directory, 'a', 'd'))]);
  await makeDirectory(path);
  expect((await stat(path)).isDirectory()).toBe(true);
});

test('fails where there is a file', async () => {
  const directory = await temporaryDirectory();
  const file = join(directory, 'file');
  await writeFile(file, '');
  await expect(makeDirectory(file)).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeDirectory(join(file, 'below', 'it'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});

test('fails at once where the file system takes no directory', async () => {
  await expect(makeDirectory('/proc/ec2-image/work')).rejects.toMatchObject({ code: 'ENOENT' });
});
