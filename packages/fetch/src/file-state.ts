import type { BigIntStats } from 'node:fs';
import { type FileHandle, open, realpath, stat, statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Digest, digestAlgorithm } from '@ec2-image/provenance';
import { printable } from '@ec2-image/redact';
import { FetchError } from './errors.ts';
import { hashFile } from './hash-file.ts';

/** What tells whether a file was replaced, or written to. Values are decimal numbers. */
export interface FileState {
  readonly device: string;
  readonly inode: string;
  /** In bytes. */
  readonly size: number;
  /** In nanoseconds since 1970. */
  readonly modified: string;
  /** The time of the last change of its bytes or its inode, in nanoseconds since 1970: no program can set it. */
  readonly changed: string;
}

/** A file as it was before the first byte of it was read. */
export interface RecordedFile {
  /** Absolute, without symbolic links; of one of `LocalFiles` that of its descriptor. */
  readonly path: string;
  readonly state: FileState;
  /** The digest that its bytes had. */
  readonly digest?: Digest;
  /** `local`: others may write to it. */
  readonly outcome?: string;
}

/** The kernel's clock for files may be so far behind. */
const clockTickMs = 50;

/**
 * To be called before the file is read: whatever is written to it afterwards shows in its state. Waits some 50
 * ms for a file that was written to only just now: until the clock advances, another write could not be told from it.
 *
 * @throws what the filesystem throws; Error where it is not a regular file
 */
export async function recordFile(path: string): Promise<RecordedFile & { readonly size: number }> {
  return recordResolved(await realpath(path));
}

/** The same of a path without symbolic links, or that of an open descriptor, which is one itself. */
export async function recordResolved(path: string): Promise<RecordedFile & { readonly size: number }> {
  let stats = await readStats(path);
  for (let waits = 0; waits < 3; waits++) {
    const ageMs = Date.now() - Number(stats.ctimeMs);
    if (ageMs < 0 || ageMs >= clockTickMs) break;
    await sleep(clockTickMs - ageMs);
    stats = await readStats(path);
  }
  return { path, state: stateOf(stats), size: Number(stats.size) };
}

/**
 * Passes where the file is the one that was recorded and nobody wrote to it since. Where the filesystem's times do not
 * tell that, a local file is hashed again.
 *
 * @throws FetchError `IMAGE_CHANGED`
 */
export async function requireUnchanged({
  file,
  signal,
}: {
  readonly file: RecordedFile;
  readonly signal?: AbortSignal;
}): Promise<void> {
  const { path, state, digest, outcome } = file;
  const now = await readStats(path).then(stateOf, (cause: Error) => {
    throw changed(path, printable(cause.message, { maxLength: 300 }), cause);
  });
  const differences = (Object.keys(state) as (keyof FileState)[]).filter((key) => state[key] !== now[key]);
  if (differences.length > 0)
    throw changed(path, `another ${differences.map((key) => words[key]).join(', ')}`);
  if (digest === undefined || outcome !== 'local' || (await showsEveryWrite(path))) return;
  const found = await hashFile({ path, algorithm: digestAlgorithm(digest), signal });
  if (found.digest !== digest) throw changed(path, `its digest is now ${found.digest}`);
}

const words: Readonly<Record<keyof FileState, string>> = {
  device: 'device',
  inode: 'inode',
  size: 'size',
  modified: 'time of modification',
  changed: 'time of change',
};

function changed(path: string, how: string, cause?: unknown): FetchError {
  return new FetchError(
    'IMAGE_CHANGED',
    `${printable(path, { maxLength: 400 })} changed while ec2-image read it: ${how}`,
    {
      hint: 'Make sure that nothing writes to the file, then run the same command again.',
      cause,
      facts: { path },
    },
  );
}

/** By an open file: a network filesystem asks its server then, and not otherwise. */
async function readStats(path: string): Promise<BigIntStats> {
  await using file = await openRegular(path);
  return await file.stat({ bigint: true });
}

export async function openRegular(path: string): Promise<FileHandle> {
  // Before it is opened: opening a named pipe would wait for its writer.
  if (!(await stat(path)).isFile()) throw new Error(`${path} is not a regular file`);
  return open(path);
}

function stateOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): FileState {
  return {
    device: String(dev),
    inode: String(ino),
    size: Number(size),
    modified: String(mtimeNs),
    changed: String(ctimeNs),
  };
}

/**
 * ext2 to ext4, XFS, Btrfs, F2FS, ZFS, bcachefs, and overlays on them (statfs(2)). Of others, tmpfs tells nothing of
 * writes through a mapping, and filesystems of another machine or of a program tell what they like.
 */
const localFilesystems: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0xca451a4e, 0x794c7630,
]);

async function showsEveryWrite(path: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const type = await statfs(path).then(
    ({ type }) => type >>> 0,
    () => undefined,
  );
  return type !== undefined && localFilesystems.has(type);
}
