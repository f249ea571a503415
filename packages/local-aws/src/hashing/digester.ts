import { createHash } from 'node:crypto';
import { type ChecksumAlgorithm, createChecksum } from '@ec2-image/checksum';

/** What is to be known of a body. */
export interface WantedDigests {
  readonly md5?: boolean;
  readonly sha256?: boolean;
  readonly checksum?: ChecksumAlgorithm;
}

/** What was wanted, and nothing else. */
export interface Digests {
  readonly md5?: Uint8Array;
  readonly sha256?: Uint8Array;
  /** Base64, as S3 writes it. */
  readonly checksum?: string;
}

export interface Digester {
  update(bytes: Uint8Array): void;
  /** Once. */
  digests(): Digests;
}

/** Computes all that is wanted in one pass, where it is called. */
export function createDigester(wanted: WantedDigests): Digester {
  const md5 = wanted.md5 ? createHash('md5') : undefined;
  const sha256 = wanted.sha256 ? createHash('sha256') : undefined;
  const checksum = wanted.checksum && createChecksum(wanted.checksum);
  return {
    update(bytes) {
      md5?.update(bytes);
      sha256?.update(bytes);
      checksum?.update(bytes);
    },
    digests: () => ({
      ...(md5 && { md5: md5.digest() }),
      ...(sha256 && { sha256: sha256.digest() }),
      ...(checksum && { checksum: checksum.digest() }),
    }),
  };
}
