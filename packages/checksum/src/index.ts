export { adler32 } from './adler32.ts';
export {
  type ChecksumAlgorithm,
  type ChecksumType,
  checksumAlgorithms,
  checksumByteLength,
  checksumHeader,
  isChecksumAlgorithm,
  multipartChecksumTypes,
} from './algorithms.ts';
export type { Checksum } from './checksum.ts';
export { combineChecksums, type PartChecksum } from './combine.ts';
export { compositeChecksum, compositeETag } from './composite.ts';
export { crc32c } from './crc32c.ts';
export { checksumOf, crc32Text, createChecksum } from './create-checksum.ts';
