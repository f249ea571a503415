export { type WriteChecksumFileOptions, writeChecksumFile } from './checksum-file.ts';
export {
  type MakeSampleDiskOptions,
  makeSampleDisk,
  type SampleBoot,
  type SampleDisk,
} from './disk/make-sample-disk.ts';
export type { Partition } from './disk/partition-table.ts';
export { SampleImageError, type SampleImageErrorCode } from './errors.ts';
export { type Gpg, type GpgKey, openGpg } from './gpg.ts';
export { type DenseQcow2, type MakeDenseQcow2Options, makeDenseQcow2 } from './make-dense-qcow2.ts';
export { type ImageFormat, type PackedImage, type PackImageOptions, packImage } from './pack-image.ts';
export {
  type DirectoryServer,
  type ServeDirectoryOptions,
  type ServedRequest,
  serveDirectory,
} from './serve-directory.ts';
