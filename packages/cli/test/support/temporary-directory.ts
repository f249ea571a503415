import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

let root: Promise<string> | undefined;

/** A new directory, gone when the tests of this file have ended. */
export async function temporaryDirectory(name: string): Promise<string> {
  root ??= mkdtemp(join(tmpdir(), 'ec2-image-test-'));
  const directory = await root;
  await mkdir(directory, { recursive: true });
  return mkdtemp(join(directory, `${name}-`));
}

afterAll(async () => {
  if (root) await rm(await root, { recursive: true, force: true });
});
