import { createCipheriv, createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Digest } from '@ec2-image/provenance';

export const mebibyte = 2 ** 20;
/** The smallest S3 takes. */
export const partSize = 5 * mebibyte;

export const digest: Digest = `sha256:${createHash('sha256').update('an image').digest('hex')}`;
export const format = 'raw';

export const metadata = {
  'ec2-image-source-digest': digest,
  'ec2-image-disk-format': format,
  'ec2-image-version': '0.1.0',
  'ec2-image-started-at': '2026-11-22T10:00:00Z',
};

/** Bytes that are the same for the same seed, and no two blocks of them alike. */
export function sampleBytes({ size, seed = 1 }: { size: number; seed?: number }): Buffer {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16));
  return cipher.update(Buffer.alloc(size));
}

export interface DiskDirectory extends AsyncDisposable {
  readonly path: string;
  /** Writes a disk, and says what `uploadDisk` is to be told of it. */
  disk(options: { size: number; seed?: number; name?: string }): Promise<{
    path: string;
    size: number;
    bytes: Buffer;
  }>;
}

export async function diskDirectory(): Promise<DiskDirectory> {
  const path = await mkdtemp(join(tmpdir(), 's3-upload-'));
  return {
    path,
    async disk({ size, seed, name = 'disk.raw' }) {
      const bytes = sampleBytes({ size, seed });
      const file = join(path, name);
      await writeFile(file, bytes);
      return { path: file, size, bytes };
    },
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true });
    },
  };
}
