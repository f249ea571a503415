import type { ChecksumAlgorithm, ChecksumType } from '@ec2-image/checksum';
import type { Tags } from '@ec2-image/provenance';

/** An object in S3 that is known to hold the disk. */
export interface StoredObject {
  readonly bucket: string;
  readonly key: string;
  /** In bytes. */
  readonly size: number;
  /** The full-object checksum: S3's own where it reports one, else that of the file that the object was proven equal to. */
  readonly checksum: {
    readonly algorithm: ChecksumAlgorithm;
    readonly value: string;
    readonly type: ChecksumType;
  };
  /** As S3 writes it, with its quotes. */
  readonly etag: string;
  readonly lastModified: Date;
  /** Only in a bucket that has or had versioning: `null` is the version of what was written without it. */
  readonly versionId?: string;
  readonly provenBy: Proof;
  /** What made its bytes, where its metadata names it. */
  readonly converter?: string;
  /** The provenance in its metadata, where that was read. */
  readonly tags?: Tags;
}

/**
 * What says that the object holds the disk: the checksum that S3 verified, an ETag that is an MD5, or having read all of
 * it back.
 */
export type Proof = 'checksum' | 'etag' | 'read-back';
