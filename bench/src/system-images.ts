import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeSampleDisk, packImage, writeChecksumFile } from '@ec2-image/sample-image';
import { execa } from 'execa';

/** Images of one disk in one directory, listed in its CHECKSUM. */
export interface SystemImages {
  readonly directory: string;
  readonly files: readonly string[];
}

export interface SystemDisk extends SystemImages {
  /** The raw disk that all of them hold. */
  readonly disk: string;
}

/** Where images are kept from run to run, for they take minutes to make: `EC2_IMAGE_BENCH_DIR`, else the user's cache directory. */
export function cacheDirectory(): string {
  const { EC2_IMAGE_BENCH_DIR: given, XDG_CACHE_HOME: caches = join(homedir(), '.cache') } = process.env;
  return given ?? join(caches, 'ec2-image-bench');
}

/** A Debian system of 4 GiB, about 900 MB of it used. Needs root where it isn't made yet. */
export async function debianImages(): Promise<SystemDisk> {
  const directory = join(cacheDirectory(), 'debian');
  await runScript('make-debian-image', [directory]);
  return { directory, disk: join(directory, 'debian.raw'), files: ['debian.qcow2', 'debian.raw.xz'] };
}

/** A disk of 40 GiB with 64 MiB of files. */
export async function largeImages(): Promise<SystemDisk> {
  const directory = join(cacheDirectory(), 'large');
  await mkdir(directory, { recursive: true });
  const images = { directory, disk: join(directory, 'large.raw'), files: ['large.qcow2', 'large.raw.xz'] };
  const checksums = join(directory, 'CHECKSUM');
  if (existsSync(checksums)) return images;
  const disk = await makeSampleDisk({ path: images.disk, sizeBytes: 40 * 2 ** 30, dataBytes: 64 * 2 ** 20 });
  const packed = [
    await packImage({ disk, format: 'qcow2', output: join(directory, 'large.qcow2') }),
    await packImage({ disk, format: 'raw.xz', output: join(directory, 'large.raw.xz') }),
  ];
  // Last: it says that the others are whole.
  await writeChecksumFile({ path: checksums, files: packed.map(({ path }) => path) });
  return images;
}

/** A kernel and busybox of Debian on 98 MiB, for a BIOS or for arm64. Needs root where it isn't made yet. */
export async function smallImages(name: 'bios' | 'arm64'): Promise<SystemImages> {
  const directory = join(cacheDirectory(), name);
  await runScript('make-small-image', [name, directory]);
  return { directory, files: [`${name}.qcow2`] };
}

async function runScript(name: string, args: readonly string[]): Promise<void> {
  const path = fileURLToPath(new URL(`../${name}`, import.meta.url));
  await execa(path, args, { stdin: 'ignore', stderr: 'inherit' });
}
