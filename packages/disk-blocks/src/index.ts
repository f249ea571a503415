export {
  type Block,
  blockCount,
  blockDigest,
  blockSizeBytes,
  fillWithZeros,
  isZeroBlock,
  zeroBlock,
  zeroDigest,
} from './block.ts';
export { type Disk, diskBlocks, type Extent } from './disk.ts';
export type { Stretch } from './disk-map.ts';
export { DiskBlocksError } from './errors.ts';
export { fileHoles } from './file-map.ts';
export { findUnreadable } from './find-unreadable.ts';
export { type BlockRange, blocksWithin } from './holes.ts';
export { arrivingBlocks, type ImageBlocksOptions, imageBlocks, zeroBlocks } from './image-blocks.ts';
export { type GrowingFile, growingSource } from './image-reader/growing-source.ts';
export type {
  Deflated,
  DeflateOptions,
  FileRange,
  Filled,
  FillOptions,
  ImageReader,
} from './image-reader/image-reader.ts';
export {
  type ImageReaderOptions,
  type OpenedImage,
  openImageReader,
} from './image-reader/open-image-reader.ts';
export type { DiskImageFormat } from './nbd/qemu-nbd.ts';
export type { ServedPiece, ServedSource } from './nbd/serve-bytes.ts';
export { openDisk, openDiskOf } from './open-disk.ts';
export { createRangeReader, type RangeReader, type ReadRangeOptions } from './range-reader.ts';
export { streamBlocks } from './stream-blocks.ts';
export { createWorkerPool, type PoolOptions, type WorkerPool } from './workers/pool.ts';
