export { type ComparableDisk, type CompareOptions, compareDisk } from './compare-disk.ts';
export { compareSample } from './compare-sample.ts';
export {
  type ConvertOptions,
  type ConvertProgress,
  convertImage,
  type Disk,
  type DiskSource,
  decompressImage,
  makeDisk,
} from './convert-image.ts';
export { boundDisk } from './decompress/bound-disk.ts';
export { ConvertError, type ConvertErrorCode, defaultMaxDiskSize } from './errors.ts';
export {
  type DiskFacts,
  type ImageFacts,
  type InspectOptions,
  type InspectStreamOptions,
  inspectImage,
  inspectStream,
  type PackedFacts,
} from './inspect-image.ts';
export { converterVersion } from './layout/converter-version.ts';
export type { DiskLayout, DiskPiece, Literal, Piece } from './layout/layout.ts';
export { type PlanDiskOptions, type PlannedFormat, planDisk } from './layout/plan-disk.ts';
export { type VmdkOptions, type VmdkPiece, vmdkPieces } from './layout/vmdk/vmdk-pieces.ts';
export { type ArrivingDisk, type MakeArrivingDiskOptions, makeArrivingDisk } from './made/arriving-disk.ts';
export type { FileSum, MadeDisk, PlannedFile, ProveOptions } from './made/made-disk.ts';
export type { FileRange, MadeRange, RangeArrivals } from './made/make-range.ts';
export { type ArrivingImageFile, openArrivingImage } from './made/open-arriving.ts';
export { type StreamDiskOptions, type StreamedDisk, streamDisk } from './made/streamed-disk.ts';
export type { StreamedFile } from './made/streamed-file.ts';
export type { VmdkMaking } from './made/streamed-vmdk.ts';
export { partialPath } from './output-file.ts';
export { requireProgramFor } from './process/programs.ts';
export type { DiskFormat } from './qemu/output-format.ts';
export { writeLagBytes } from './qemu/write-disk.ts';
export { type SampleOptions, sampleEvery, sampleOf, sampleUnitBytes } from './sample.ts';
export { type Packing, type UnpackOptions, unpack } from './unpack.ts';
