export {
  type BootArchitecture,
  type BootCode,
  type BootLoader,
  efiPartitionsOf,
  readBootCode,
} from './boot/boot-code.ts';
export { type ByteSource, bufferSource, fileSource, type ReadableHandle } from './byte-source.ts';
export { type ImageHeaderCode, ImageHeaderError } from './errors.ts';
export {
  type ArchiveFormat,
  type Compression,
  detectMagic,
  type ImageFormat,
  type Magic,
  magicOfHead,
} from './magic.ts';
export type { Partition } from './partition.ts';
export {
  type PartitionTable,
  partitionTableBytes,
  readPartitionTable,
} from './partition-table.ts';
export { type Qcow2Header, readQcow2Header } from './qcow2.ts';
export { type ImageHeader, readImageHeader, refusalOf } from './read-image-header.ts';
export type { VhdSizeRule } from './vhd.ts';
export { maxVirtualSize } from './virtual-size.ts';
export { readXzUncompressedSize } from './xz-size.ts';
export { readZstdFrameSize } from './zstd-size.ts';
