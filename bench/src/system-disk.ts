import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { serveDirectory } from '@ec2-image/sample-image';
import { execa } from 'execa';
import { startAccount } from './account.ts';
import { type ImportRun, importImage } from './import-image.ts';
import { cacheDirectory, debianImages, largeImages, type SystemDisk } from './system-images.ts';

/** What the tool's own process may take at its peak. */
export const maxPeakBytes = 300 * 2 ** 20;

export interface SystemDiskRun extends ImportRun {
  readonly file: string;
  /** Whether the snapshot holds the disk, bit for bit. */
  readonly equal: boolean;
}

/** Imports one of the images into an empty account, and compares the snapshot with the disk. */
export async function importSystemDisk(images: SystemDisk, file: string): Promise<SystemDiskRun> {
  const scratch = await mkdtemp(join(cacheDirectory(), 'run-'));
  try {
    await using server = await serveDirectory({ directory: images.directory });
    await using account = await startAccount({ directory: join(scratch, 'account') });
    const run = await importImage({
      account,
      url: `${server.url}/${file}`,
      checksumUrl: `${server.url}/CHECKSUM`,
      workDirectory: join(scratch, 'work'),
    });
    return { ...run, file, equal: await sameDisk(images.disk, account.snapshotPath(run.snapshotId)) };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** `npm run bench -- system-disk` */
export async function systemDisk(): Promise<void> {
  const row = (...cells: string[]) => console.log(`| ${cells.join(' | ')} |`);
  row('image', 'snapshot', 'seconds', "tool's peak, MiB", 'children, MiB each');
  row('---', '---', '---', '---', '---');
  for (const images of [await debianImages(), await largeImages()]) {
    for (const file of images.files) {
      const { equal, seconds, peak } = await importSystemDisk(images, file);
      row(
        file,
        equal ? 'equal' : 'DIFFERENT',
        seconds.toFixed(1),
        mebibytes(peak.own),
        [...peak.children].map(([name, bytes]) => `${name} ${mebibytes(bytes)}`).join(', '),
      );
      if (!equal || peak.own > maxPeakBytes) process.exitCode = 1;
    }
  }
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}

async function sameDisk(disk: string, snapshot: string): Promise<boolean> {
  const { exitCode, stderr, stdout } = await execa(
    'qemu-img',
    ['compare', '-f', 'raw', '-F', 'raw', disk, snapshot],
    {
      reject: false,
    },
  );
  // qemu-img(1): 0 identical, 1 different, anything else an error.
  if (exitCode === 0 || exitCode === 1) return exitCode === 0;
  throw new Error(`qemu-img compare: ${stderr || stdout}`);
}
