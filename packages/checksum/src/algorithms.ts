/**
 * The algorithms S3 takes as `x-amz-checksum-*`, but for its XXHASH family, which nothing here needs and
 * which has no native implementation in Node.
 */
export type ChecksumAlgorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA1' | 'SHA256' | 'SHA512' | 'MD5';

/** What the checksum of a multipart object is of: its bytes, or its parts' checksums. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

const byteLengths: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
  SHA512: 64,
  MD5: 16,
};

export const checksumAlgorithms = Object.keys(byteLengths) as readonly ChecksumAlgorithm[];

export function isChecksumAlgorithm(name: string): name is ChecksumAlgorithm {
  return Object.hasOwn(byteLengths, name);
}

/** The length of the value before it is base64. */
export function checksumByteLength(algorithm: ChecksumAlgorithm): number {
  return byteLengths[algorithm];
}

/** The HTTP header that carries the value: `x-amz-checksum-crc32`. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/**
 * The types a multipart upload may have, S3's default first: CRC64NVME is always of the full object, the
 * other CRCs are of either kind, a cryptographic hash of a whole cannot be computed from those of its parts
 * (S3 User Guide, "Checking object integrity in Amazon S3").
 */
export function multipartChecksumTypes(algorithm: ChecksumAlgorithm): readonly ChecksumType[] {
  switch (algorithm) {
    case 'CRC64NVME':
      return ['FULL_OBJECT'];
    case 'CRC32':
    case 'CRC32C':
      return ['COMPOSITE', 'FULL_OBJECT'];
    default:
      return ['COMPOSITE'];
  }
}
