export { FetchError, type FetchErrorCode } from './errors.ts';
export { type FetchImageOptions, fetchImage, type VerifiedImage } from './fetch-image.ts';
export { imageFileName } from './file-name.ts';
export { type FileState, type RecordedFile, recordFile, requireUnchanged } from './file-state.ts';
export type { Progress } from './hash-file.ts';
export { type LocalImage, type LocalImageOptions, openLocalImage } from './local-image.ts';
export type { RetryOptions } from './mirrors.ts';
export { type PublishedChecksum, type ReadChecksumOptions, readChecksum } from './read-checksum.ts';
export { type ImageStream, type StreamImageOptions, streamImage } from './stream-image.ts';
