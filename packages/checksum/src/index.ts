export {
  type ChecksumAlgorithm,
  type ChecksumType,
  checksumAlgorithms,
  checksumByteLength,
  checksumHeader,
  isChecksumAlgorithm,
  multipartChecksumTypes,
} from './algorithms.ts';
export { combineChecksums, type PartChecksum } from './combine.ts';
export { compositeChecksum, compositeETag } from './composite.ts';
export { type Checksum, checksumOf, createChecksum } from './create-checksum.ts';
