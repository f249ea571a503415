import type { Address, S3 } from '../call/s3.ts';
import type { PartPlan } from '../disk/part-plan.ts';
import type { PartReader } from '../disk/part-reader.ts';
import type { ListedPart } from '../open/open-uploads.ts';
import type { PartProof } from './judge-part.ts';

/** A part that is in S3, as far as its answer can be believed. */
export interface SentPart {
  /** CRC32 of the bytes that were read from the disk and sent. */
  readonly checksum: string;
  readonly size: number;
  readonly etag: string;
  readonly proof: PartProof;
}

/** One upload id being filled from one disk. */
export interface UploadJob {
  readonly s3: S3;
  readonly address: Address;
  readonly uploadId: string;
  /** Of a growing disk: by its greatest size, so that its last parts may not come to be. */
  readonly plan: PartPlan;
  /** The disk is, or was, still being written when its parts were sent. */
  readonly sentAhead: boolean;
  /** Its parts are made from an image. */
  readonly isMade: boolean;
  /** They are made once, from the front. */
  readonly isStreamed: boolean;
  /** Another machine began the upload. */
  readonly isForeign: boolean;
  readonly reader: PartReader;
  readonly concurrency: number;
  readonly partTimeoutMs: number;
  /** What S3 held when the upload was taken up, by number, as far as nothing is known to have changed it. */
  readonly listed: Map<number, ListedPart>;
  /** What has been found or put there since, by number. */
  readonly sent: Map<number, SentPart>;
  /** Told of each part that has arrived, and how many bytes went over the wire for it. */
  readonly onPart: (bytesSent: number) => void;
}
