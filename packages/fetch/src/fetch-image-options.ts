import type { Digest } from '@ec2-image/provenance';
import type { ArrivingImage } from './arriving-image.ts';
import type { Progress } from './hash-file.ts';
import type { LocalFiles } from './local-files.ts';
import type { RetryOptions } from './mirrors.ts';

export interface FetchImageOptions extends RetryOptions {
  /** Where the image is: http(s) URLs, `file:` URLs, local paths; several of them are mirrors of one another, the preferred one first; local ones are tried before any server. */
  readonly url: string | readonly string[];
  /** As it was published. It decides, whatever the servers say. */
  readonly digest: Digest;
  /** Where downloads go; created if missing. */
  readonly directory: string;
  /** By which local images are opened, and stay open. Default: each reader opens the image by its name. */
  readonly localFiles?: LocalFiles;
  /** Where the digest comes from; only for the message of a mismatch. */
  readonly checksumUrl?: string;
  /** Whether https may redirect to http: only where the digest itself came in a way that nobody can change. Default: false. */
  readonly allowHttpRedirect?: boolean;
  /** How many ranges of the file to fetch at once, 1 to 16. Default: 1. */
  readonly connections?: number;
  /** Larger images are refused. Default: 64 GiB. */
  readonly maxSizeBytes?: number;
  /**
   * Called when a download has begun and its size is known; again where it restarts, after what the first one was told has been
   * discarded. Called of a local file, too, before it is hashed; not of a download that is complete already.
   */
  readonly onArriving?: (image: ArrivingImage) => void;
  /** Bytes of the image downloaded so far, those of an earlier run included; of a file that is only checked, those hashed. */
  readonly onProgress?: (progress: Progress) => void;
}
