import { beforeAll, describe, expect, test } from 'vitest';
import { importSystemDisk, maxPeakBytes } from '../src/system-disk.ts';
import { debianImages, largeImages, type SystemDisk } from '../src/system-images.ts';

describe.each([
  ['a Debian system of 4 GiB', debianImages, ['debian.qcow2', 'debian.raw.xz']],
  ['a disk of 40 GiB with little in it', largeImages, ['large.qcow2', 'large.raw.xz']],
] as const)('%s', (_, makeImages, files) => {
  let images: SystemDisk;

  beforeAll(async () => {
    images = await makeImages();
  });

  test.each(files)('%s ends in a snapshot equal to it, within 300 MiB', async (file) => {
    const { equal, peak } = await importSystemDisk(images, file);
    expect(equal).toBe(true);
    // A process that was never seen would pass any limit.
    expect(peak.own).toBeGreaterThan(30 * 2 ** 20);
    expect(peak.own).toBeLessThanOrEqual(maxPeakBytes);
  });
});
