export { type Block, blockSizeBytes, volumeSizeGiB } from './block.ts';
export { digestBlocks } from './digest-blocks.ts';
export { readDigests, writeDigests } from './digests-file.ts';
export { type Disk, diskBlocks, type Extent } from './disk.ts';
export { EbsDirectError } from './errors.ts';
export type { DiskImageFormat } from './nbd/qemu-nbd.ts';
export { openDisk } from './open-disk.ts';
export { reuseBlockDigest } from './reuse-digest.ts';
export { streamBlocks } from './stream-blocks.ts';
export { createUndiciHandler, type UndiciHandlerOptions } from './undici-handler.ts';
export {
  type ExpectedContent,
  type VerifiedSnapshot,
  type VerifySnapshotOptions,
  verifySnapshot,
} from './verify-snapshot.ts';
export { writeSnapshot } from './write-snapshot.ts';
export type { SnapshotProgress, WriteSnapshotOptions, WrittenSnapshot } from './write-snapshot-options.ts';
