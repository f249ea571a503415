export { FetchError, type FetchErrorCode } from './errors.ts';
export { fetchImage } from './fetch-image.ts';
export type { FetchImageOptions } from './fetch-image-options.ts';
export { imageFileName } from './file-name.ts';
export type { Progress } from './hash-file.ts';
export type { RetryOptions } from './mirrors.ts';
export { type PublishedChecksum, type ReadChecksumOptions, readChecksum } from './read-checksum.ts';
export { type ImageStream, type StreamImageOptions, streamImage } from './stream-image.ts';
export type { VerifiedImage } from './verified-image.ts';
