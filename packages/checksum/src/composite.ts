import { createHash } from 'node:crypto';
import type { ChecksumAlgorithm } from './algorithms.ts';
import { checksumOf } from './create-checksum.ts';

/** The COMPOSITE checksum of a multipart object: the checksum of its parts' checksums, a dash, and their number. */
export function compositeChecksum(algorithm: ChecksumAlgorithm, partChecksums: readonly string[]): string {
  const bytes = Buffer.concat(partChecksums.map((checksum) => Buffer.from(checksum, 'base64')));
  return `${checksumOf(algorithm, bytes)}-${partChecksums.length}`;
}

/**
 * The ETag of a multipart object under SSE-S3 or no encryption: the MD5 of its parts' MD5s, a dash, and their
 * number, without quotes. The parts' MD5s are in hex, with or without an ETag's quotes.
 */
export function compositeETag(partMd5s: readonly string[]): string {
  const hash = createHash('md5');
  for (const md5 of partMd5s) hash.update(Buffer.from(md5.replaceAll('"', ''), 'hex'));
  return `${hash.digest('hex')}-${partMd5s.length}`;
}
