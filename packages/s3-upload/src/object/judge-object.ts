import { type Digest, provenanceKeys, readProvenance, tagsOfMetadata } from '@ec2-image/provenance';
import type { ObjectFacts } from './describe-object.ts';

/** What an object should be. */
export interface WantedObject {
  readonly digest: Digest;
  /** `vhdx`, `vhd`, `vmdk` or `raw`; where it is not given, any. */
  readonly format?: string;
}

/**
 * `proven`: ours, of this digest and format, and S3 verified at its completion that the parts make the whole that its
 * uploader announced. That image and object are equal is for whoever uses it to prove. `unproven`: ours by its metadata alone.
 * `foreign`: not ours, or of another disk.
 */
export type ObjectVerdict = 'proven' | 'unproven' | 'foreign';

export function judgeObject(
  { metadata, checksum, size }: Pick<ObjectFacts, 'metadata' | 'checksum' | 'size'>,
  { digest, format }: WantedObject,
): ObjectVerdict {
  const provenance = readProvenance(tagsOfMetadata(metadata));
  if (provenance?.digest !== digest) return 'foreign';
  if (format !== undefined && provenance.diskFormat !== format) return 'foreign';
  return size > 0 && checksum?.algorithm === 'CRC32' && checksum.type === 'FULL_OBJECT'
    ? 'proven'
    : 'unproven';
}

export function converterOf(metadata: ObjectFacts['metadata']): string | undefined {
  return tagsOfMetadata(metadata)[provenanceKeys.converter];
}
