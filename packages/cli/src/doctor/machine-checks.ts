import { execFile } from 'node:child_process';
import { access, constants, readdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Digest } from '@ec2-image/provenance';
import { formatBytes, formatElapsed } from '../render/format.ts';
import { imagesDirectory, locksDirectory } from '../work-directory/image-directory.ts';
import { imageDirectoryName } from '../work-directory/marker.ts';
import { requireOwnFiles } from '../work-directory/owner.ts';
import { usingWorkDirectory } from '../work-directory/work-directory-error.ts';
import { type CheckReport, check } from './report.ts';

/** Room for a download, what comes out of its compression, and the disk of one common cloud image. */
const comfortableFreeBytes = 10 * 1024 ** 3;
/** AWS refuses what is signed further off: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html */
const refusedSkewMs = 15 * 60_000;
const noticedSkewMs = 60_000;

export function checkTool({
  tool,
  neededFor,
  packages,
  env,
}: {
  readonly tool: string;
  readonly neededFor: string;
  readonly packages: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}): Promise<CheckReport> {
  return check(tool, async () => {
    try {
      const { stdout } = await promisify(execFile)(tool, ['--version'], { env: { ...env }, timeout: 10_000 });
      return { state: 'ok', detail: stdout.split('\n')[0] ?? '' };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return {
        state: 'failed',
        detail: `not found; it is needed for ${neededFor}`,
        hint: `Install ${packages}.`,
      };
    }
  });
}

/**
 * That an import can work in it, and has room.
 *
 * @param options.neededBytes what all images have to download
 * @param options.digests of the images, whose files may be there already
 */
export function checkWorkDirectory(
  path: string,
  { neededBytes, digests }: { readonly neededBytes: number; readonly digests: readonly Digest[] },
): Promise<CheckReport> {
  return check('work directory', async () => {
    // It is made by the first import; until then, what counts is where it will be.
    const place = await nearestExisting(path);
    if (!(await stat(place)).isDirectory()) {
      return {
        state: 'failed',
        detail: `${place} is not a directory`,
        hint: 'Move it away, or name another place with --work-dir.',
      };
    }
    await access(place, constants.W_OK | constants.X_OK);
    if (place === path) await requireUsable(path, digests);
    const { bavail, bsize } = await statfs(place);
    const free = bavail * bsize;
    const shown = place === path ? path : `${path} (not created yet)`;
    if (free >= Math.max(comfortableFreeBytes, neededBytes)) {
      return { state: 'ok', detail: `${shown}, ${formatBytes(free)} free` };
    }
    const needed = neededBytes > free ? `, and the images have ${formatBytes(neededBytes)}` : '';
    return {
      state: 'warning',
      detail: `${shown} has ${formatBytes(free)} free${needed}`,
      hint: 'An image needs room for its download and its disk: name a larger place with --work-dir.',
    };
  });
}

/** What an import makes in the work directory, as far as it is there. */
async function requireUsable(workDirectory: string, digests: readonly Digest[]): Promise<void> {
  const [locks, images] = [locksDirectory(workDirectory), imagesDirectory(workDirectory)];
  const directories = [locks, images, ...digests.map((digest) => join(images, imageDirectoryName(digest)))];
  await usingWorkDirectory(workDirectory, async () => {
    await requireOwnFiles(workDirectory, directories);
    for (const directory of directories) {
      await readdir(directory).then(
        () => access(directory, constants.W_OK | constants.X_OK),
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') throw error;
        },
      );
    }
  });
}

async function nearestExisting(path: string): Promise<string> {
  for (let place = path; ; place = dirname(place)) {
    const missing = await stat(place).then(
      () => false,
      ({ code }: NodeJS.ErrnoException) =>
        (code === 'ENOENT' || code === 'ENOTDIR') && place !== dirname(place),
    );
    if (!missing) return place;
  }
}

/** @param aheadMs of AWS's clock, as its answers tell it */
export function checkClock(aheadMs: number): Promise<CheckReport> {
  return check('clock', async () => {
    const off = Math.abs(aheadMs);
    if (off < noticedSkewMs) return { state: 'ok', detail: 'agrees with AWS' };
    const detail = `${formatElapsed(Math.round(off / 1000))} ${aheadMs > 0 ? 'ahead of' : 'behind'} AWS`;
    const hint = 'Set the clock of this machine (`timedatectl set-ntp true`).';
    return off < refusedSkewMs
      ? { state: 'warning', detail, hint }
      : {
          state: 'failed',
          detail,
          hint: `${hint} AWS refuses requests that are signed more than 15 minutes off.`,
        };
  });
}
