import { rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { type FileLock, FileLockError, waitForLock } from '@ec2-image/file-lock';
import { digestAlgorithm } from '@ec2-image/provenance';
import { printable, redactUrl } from '@ec2-image/redact';
import { Arrivals } from './arriving-image.ts';
import { mismatchError } from './digest-mismatch.ts';
import { downloadVerified } from './download-verified.ts';
import { FetchError } from './errors.ts';
import type { FetchImageOptions } from './fetch-image-options.ts';
import { imageFileName, storedFileName } from './file-name.ts';
import { recordFile, requireUnchanged } from './file-state.ts';
import { hashFile } from './hash-file.ts';
import { removePartial } from './partial-file.ts';
import { type LocalSource, parseSources, unreadable } from './source.ts';
import type { VerifiedImage } from './verified-image.ts';
import { ensureDirectory, workDirectoryError } from './work-directory.ts';

/**
 * Downloads the image into the directory, or reuses what is there already, and checks it against its digest.
 *
 * A file that is being downloaded ends in `.partial`; only a complete one with the right digest has the final name. Two runs that want the same image
 * take turns, and the second finds it there. The signal stops everything at once and leaves what a later run can resume.
 *
 * @throws FetchError; an abort throws the signal's reason
 */
export async function fetchImage(options: FetchImageOptions): Promise<VerifiedImage> {
  const { digest, signal, onNotice } = options;
  const sources = parseSources(options.url);
  const local = sources.filter((source) => source.kind === 'local');
  const remote = sources.filter((source) => source.kind === 'http');
  for (const source of local) {
    try {
      return await useLocalImage({ ...options, source });
    } catch (error) {
      const isLast = source === local.at(-1) && remote.length === 0;
      if (isLast || !(error instanceof FetchError)) throw error;
      onNotice?.(`${error.message}; trying another source`);
    }
  }
  const directory = resolve(options.directory);
  await ensureDirectory(directory);
  const path = join(directory, storedFileName({ fileName: imageFileName(remote[0]!.url.href), digest }));
  const lock = await takeLock({ directory, path, signal, onNotice });
  try {
    return (
      (await reuse({ ...options, directory, path })) ??
      (await downloadVerified({ ...options, sources: remote, path }))
    );
  } finally {
    lock.release();
  }
}

async function useLocalImage({
  source,
  digest,
  localFiles,
  checksumUrl,
  signal,
  onArriving,
  onProgress,
}: FetchImageOptions & { readonly source: LocalSource }): Promise<VerifiedImage> {
  const cannotRead = (cause: Error) => {
    signal?.throwIfAborted();
    throw unreadable({ source, cause });
  };
  const { path, state } = await (localFiles?.record ?? recordFile)(source.path).catch(cannotRead);
  const { size } = state;
  const arrivals = new Arrivals({ path, size, isLocal: true });
  arrivals.advance([{ start: 0, end: size }]);
  onArriving?.(arrivals.image);
  try {
    const algorithm = digestAlgorithm(digest);
    const found = await hashFile({ path, algorithm, signal, onProgress }).catch(cannotRead);
    if (found.digest === digest)
      return { path, size: found.size, digest, state, outcome: 'local', bytesTransferred: 0 };
    await requireUnchanged({ file: { path, state }, signal });
    throw mismatchError({
      expected: digest,
      actual: [found.digest],
      urls: [source.shown],
      checksumUrl: checksumUrl && redactUrl(checksumUrl),
      head: found.head,
      sizeBytes: found.size,
    });
  } catch (error) {
    arrivals.discard(error);
    throw error;
  }
}

/** The file under the final name is hashed again before it is reused. */
async function reuse({
  directory,
  path,
  digest,
  signal,
  onProgress,
  onNotice,
}: FetchImageOptions & { readonly path: string }): Promise<VerifiedImage | undefined> {
  try {
    const { state } = await recordFile(path);
    const found = await hashFile({ path, algorithm: digestAlgorithm(digest), signal, onProgress });
    if (found.digest === digest) {
      await removePartial(path);
      return { path, size: found.size, digest, state, outcome: 'reused', bytesTransferred: 0 };
    }
    onNotice?.(`${printable(path, { maxLength: 400 })} is corrupt (got ${found.digest}); downloading again`);
    await rm(path);
  } catch (cause) {
    signal?.throwIfAborted();
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT')
      throw await workDirectoryError({ cause, directory });
  }
  return undefined;
}

async function takeLock({
  directory,
  path,
  signal,
  onNotice,
}: Pick<FetchImageOptions, 'directory' | 'signal' | 'onNotice'> & {
  readonly path: string;
}): Promise<FileLock> {
  const onWait = () => onNotice?.(`waiting for another run that is downloading ${basename(path)}`);
  try {
    return await waitForLock({ path: `${path}.lock`, signal, onWait });
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof FileLockError && cause.code === 'WORK_DIRECTORY_UNSAFE') throw cause;
    throw await workDirectoryError({
      cause: cause instanceof FileLockError ? cause.cause : cause,
      directory,
    });
  }
}
