import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A directory that goes when the test is over. */
export async function scratchDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sample-image-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export const mebibyte = 2 ** 20;
