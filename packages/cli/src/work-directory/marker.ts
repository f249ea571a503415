import { constants } from 'node:fs';
import { lstat, open, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Digest, digestAlgorithm, digestHex, parseDigest } from '@ec2-image/provenance';

/** Says that ec2-image made the directory it is in, and for which image. */
const markerName = '.ec2-image-work';
const markerHead = 'Made by ec2-image; removed with the files beside it. Image: ';

/** More than a marker can be: nothing larger is read. */
const maxMarkerBytes = 512;

/** 32 hex digits name a digest as surely as all of them do, and leave room in a path for the image's own name. */
const nameDigits = 32;

const directoryName = new RegExp(`^(?:sha256|sha512)-[0-9a-f]{${nameDigits}}$`);

export function imageDirectoryName(digest: Digest): string {
  return `${digestAlgorithm(digest)}-${digestHex(digest).slice(0, nameDigits)}`;
}

/** Whether an entry of `images/` has a name that ec2-image gives. */
export function isImageDirectoryName(name: string): boolean {
  return directoryName.test(name);
}

export async function writeMarker(directory: string, digest: Digest): Promise<void> {
  const path = join(directory, markerName);
  await rm(path, { force: true });
  const file = await open(path, 'wx', 0o644);
  try {
    await file.writeFile(markerText(digest));
  } finally {
    await file.close();
  }
}

const markerText = (digest: Digest) => `${markerHead}${digest}\n`;

/** Whether nothing is in the directory but, perhaps, the beginning of its marker: a run was killed, or had no space for it. */
export async function isUnmarked(directory: string, digest: Digest): Promise<boolean> {
  const [first, ...others] = await readdir(directory);
  if (first === undefined) return true;
  if (first !== markerName || others.length > 0) return false;
  const begun = await readText(join(directory, markerName));
  return begun !== undefined && markerText(digest).startsWith(begun);
}

/** Whether the directory holds a marker of ec2-image that names the same image as the directory does. */
export async function hasMarker(directory: string): Promise<boolean> {
  const digest = await readMarker(join(directory, markerName));
  return digest !== undefined && imageDirectoryName(digest) === basename(directory);
}

/** Why an entry of `images/` with a name that ec2-image gives must not be removed as a whole; undefined where it may be. */
export async function whyNotOurs(path: string): Promise<string | undefined> {
  const stats = await lstat(path);
  if (stats.isSymbolicLink()) return 'a symbolic link';
  if (!stats.isDirectory()) return 'not a directory';
  return (await hasMarker(path))
    ? undefined
    : 'no marker of ec2-image: another program or an earlier version created it';
}

async function readMarker(path: string): Promise<Digest | undefined> {
  const text = await readText(path);
  return text?.startsWith(markerHead) && text.endsWith('\n')
    ? parseDigest(text.slice(markerHead.length, -1))
    : undefined;
}

/** A link, a pipe or anything else that is not a file of ec2-image says nothing. */
async function readText(path: string): Promise<string | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: NodeJS.ErrnoException) => {
      if (['ENOENT', 'ELOOP', 'ENOTDIR', 'EACCES', 'ENXIO'].includes(error.code ?? '')) return undefined;
      throw error;
    },
  );
  if (!file) return undefined;
  try {
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > maxMarkerBytes) return undefined;
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
