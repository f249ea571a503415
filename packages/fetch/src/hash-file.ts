import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { type Digest, type DigestAlgorithm, digestOf } from '@ec2-image/provenance';

export interface Progress {
  /** Bytes. */
  readonly done: number;
  readonly total?: number;
}

const readBytes = 2 ** 20;

/** Enough to tell a web page from an image. */
export const headBytes = 1024;

/** The digest of a regular file, its size and its first bytes; throws what the filesystem throws. */
export async function hashFile({
  path,
  algorithm,
  signal,
  onProgress,
}: {
  readonly path: string;
  readonly algorithm: DigestAlgorithm;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}): Promise<{ digest: Digest; size: number; head: Buffer }> {
  // Before it is opened: opening a named pipe would wait for its writer.
  const stats = await stat(path);
  if (!stats.isFile()) throw new Error(`${path} is not a regular file`);
  await using file = await open(path);
  const hash = createHash(algorithm);
  const buffer = Buffer.allocUnsafe(readBytes);
  let size = 0;
  let head = Buffer.alloc(0);
  for (;;) {
    signal?.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, buffer.length, size);
    if (bytesRead === 0) return { digest: digestOf(algorithm, hash.digest('hex')), size, head };
    if (size === 0) head = Buffer.from(buffer.subarray(0, Math.min(bytesRead, headBytes)));
    hash.update(buffer.subarray(0, bytesRead));
    size += bytesRead;
    onProgress?.({ done: size, total: stats.size });
  }
}
