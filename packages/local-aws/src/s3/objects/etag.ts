import { randomBytes } from 'node:crypto';
import type { Encryption } from './encryption.ts';

/**
 * The MD5 of the bytes, but not where a KMS key encrypts them.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
 */
export function etagOf(md5: string, { algorithm }: Encryption): string {
  return algorithm === 'AES256' ? md5 : randomBytes(16).toString('hex');
}

export function quoted(etag: string): string {
  return `"${etag}"`;
}
