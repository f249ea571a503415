import { isMd5Etag } from '../object/describe-object.ts';

/** What S3 says it stored as a part. */
export interface ReportedPart {
  readonly ETag?: string;
  readonly ChecksumCRC32?: string;
  readonly ServerSideEncryption?: string;
  readonly SSECustomerAlgorithm?: string;
}

/** What says that S3 holds the part's bytes: its checksum, its ETag where that is an MD5, or nothing yet. */
export type PartProof = 'checksum' | 'etag' | 'none';

/** `md5` (hex) is asked for only where there is no checksum. */
export function judgePart(
  reported: ReportedPart,
  local: { readonly checksum: string; readonly md5: () => string },
): PartProof | 'differs' {
  if (reported.ChecksumCRC32 !== undefined) {
    return reported.ChecksumCRC32 === local.checksum ? 'checksum' : 'differs';
  }
  if (!isMd5Etag(reported)) return 'none';
  return reported.ETag?.replaceAll('"', '') === local.md5() ? 'etag' : 'differs';
}
