export { digestBlocks } from './digest-blocks.ts';
export { readDigests, writeDigests } from './digests-file.ts';
export { EbsDirectError } from './errors.ts';
export { createUndiciHandler, type UndiciHandlerOptions } from './undici-handler.ts';
export {
  type ExpectedContent,
  type VerifiedSnapshot,
  type VerifySnapshotOptions,
  verifySnapshot,
} from './verify-snapshot.ts';
export { volumeSizeGiB } from './volume-size.ts';
export type { BlockRanges } from './whole-volume.ts';
export { writeSnapshot } from './write-snapshot.ts';
export type { SnapshotState, WriteSnapshotOptions, WrittenSnapshot } from './write-snapshot-options.ts';
