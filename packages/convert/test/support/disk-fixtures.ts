import { join } from 'node:path';
import { test as base } from 'vitest';
import { makeRawDisk, mib, qemuImg, temporaryDirectory } from './disk.ts';

/** In bytes: not a whole number of anything that a format counts in but sectors. */
export const virtualSize = 20 * mib + 512;

/** As published, of the image. */
export const digest = `sha256:${'5'.repeat(64)}`;

/** Tests of a raw disk of {@link virtualSize} with random bytes in it, and of a qcow2 that holds it. */
export const testOfDisk = base
  .extend('directory', () => temporaryDirectory())
  .extend('raw', async ({ directory }) => {
    const raw = join(directory, 'disk.raw');
    await makeRawDisk(raw, { size: virtualSize, random: 5 * mib });
    return raw;
  })
  .extend('qcow2', async ({ directory, raw }) => {
    const path = join(directory, 'disk.qcow2');
    await qemuImg('convert', '-f', 'raw', '-O', 'qcow2', raw, path);
    return path;
  });
