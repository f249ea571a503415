import { amiNameDate, amiNameOf, type Digest, shortDigest } from '@ec2-image/provenance';
import type { ImportRequest } from '../config/import-request.ts';

/** The name that a run which starts at this time gives the AMI of this image. */
export function amiNameFor(
  { name, suffix, architecture, amiNameTemplate }: ImportRequest,
  { digest, startedAt }: { readonly digest: Digest; readonly startedAt: Date },
): string {
  const short = shortDigest(digest);
  const parts = {
    name,
    suffix: suffix ?? short,
    arch: architecture,
    digest: short,
    date: amiNameDate(startedAt),
  };
  return amiNameOf(parts, amiNameTemplate);
}
