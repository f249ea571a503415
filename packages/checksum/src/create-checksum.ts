import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { ChecksumAlgorithm } from './algorithms.ts';
import type { Checksum } from './checksum.ts';
import { createCrc32c } from './crc32c.ts';
import { createCrc64Nvme } from './crc64nvme.ts';

export function createChecksum(algorithm: ChecksumAlgorithm): Checksum {
  switch (algorithm) {
    case 'CRC32':
      return createCrc32();
    case 'CRC32C':
      return createCrc32c();
    case 'CRC64NVME':
      return createCrc64Nvme();
    default:
      return createHashChecksum(algorithm);
  }
}

/** The checksum of bytes that are in memory anyway. */
export function checksumOf(algorithm: ChecksumAlgorithm, bytes: Uint8Array): string {
  const checksum = createChecksum(algorithm);
  checksum.update(bytes);
  return checksum.digest();
}

function createCrc32(): Checksum {
  let value = 0;
  return {
    update(bytes) {
      value = crc32(bytes, value);
    },
    digest: () => crc32Text(value),
  };
}

/** A CRC32 as S3 writes it: big-endian, in base64. */
export function crc32Text(value: number): string {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes.toString('base64');
}

function createHashChecksum(algorithm: 'SHA1' | 'SHA256' | 'SHA512' | 'MD5'): Checksum {
  const hash = createHash(algorithm.toLowerCase());
  return {
    update(bytes) {
      hash.update(bytes);
    },
    digest: () => hash.digest('base64'),
  };
}
