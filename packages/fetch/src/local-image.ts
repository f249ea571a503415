import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { type Digest, digestAlgorithm, digestOf } from '@ec2-image/provenance';
import { redactUrl } from '@ec2-image/redact';
import { mismatchError } from './digest-mismatch.ts';
import { type RecordedFile, recordFile, requireUnchanged } from './file-state.ts';
import { headBytes, type Progress } from './hash-file.ts';
import type { LocalFiles } from './local-files.ts';
import { type LocalSource, parseSources, unreadable } from './source.ts';

export interface LocalImageOptions {
  /** A local path or a `file:` URL. */
  readonly url: string | readonly string[];
  readonly digest: Digest;
  /** By which it is opened, and stays open. Default: by its name. */
  readonly localFiles?: LocalFiles;
  /** Where the digest comes from; only for the message of a mismatch. */
  readonly checksumUrl?: string;
}

/** A user's own file that is read once: hashed during its use, not before. */
export interface LocalImage extends RecordedFile {
  /** In bytes. */
  readonly size: number;
  /**
   * All bytes in order, through one descriptor. The end is only reached when they have the digest: until then nothing is
   * proven, and what was made from them must be discarded when it throws.
   *
   * @throws FetchError `DIGEST_MISMATCH`, `IMAGE_CHANGED`, `LOCAL_FILE_UNREADABLE`
   */
  chunks(options?: {
    readonly signal?: AbortSignal;
    readonly onProgress?: (progress: Progress) => void;
  }): AsyncGenerator<Buffer>;
}

/**
 * Opens a local image for reading it once. Undefined where there is another source than one local file.
 *
 * @throws FetchError `BAD_URL`, `LOCAL_FILE_UNREADABLE`
 */
export async function openLocalImage(options: LocalImageOptions): Promise<LocalImage | undefined> {
  const [source, ...others] = parseSources(options.url);
  if (source?.kind !== 'local' || others.length > 0) return undefined;
  const file = await (options.localFiles?.record ?? recordFile)(source.path).catch((cause: Error) => {
    throw unreadable({ source, cause });
  });
  return {
    ...file,
    chunks: (run) => streamChunks({ ...options, source, file }, run),
  };
}

const readBytes = 2 ** 20;

async function* streamChunks(
  {
    source,
    file,
    digest,
    checksumUrl,
  }: LocalImageOptions & { readonly source: LocalSource; readonly file: RecordedFile },
  { signal, onProgress }: NonNullable<Parameters<LocalImage['chunks']>[0]> = {},
): AsyncGenerator<Buffer> {
  const hash = createHash(digestAlgorithm(digest));
  let head = Buffer.alloc(0);
  let done = 0;
  await using opened = await open(file.path).catch((cause: Error) => {
    throw unreadable({ source, cause });
  });
  for await (const chunk of opened.createReadStream({ highWaterMark: readBytes }) as AsyncIterable<Buffer>) {
    signal?.throwIfAborted();
    hash.update(chunk);
    if (head.length < headBytes) head = Buffer.concat([head, chunk]).subarray(0, headBytes);
    done += chunk.length;
    onProgress?.({ done, total: file.state.size });
    yield chunk;
  }
  const actual = digestOf(digestAlgorithm(digest), hash.digest('hex'));
  if (actual === digest) return;
  await requireUnchanged({ file, signal });
  throw mismatchError({
    expected: digest,
    actual: [actual],
    urls: [source.shown],
    checksumUrl: checksumUrl && redactUrl(checksumUrl),
    head,
    sizeBytes: done,
  });
}
