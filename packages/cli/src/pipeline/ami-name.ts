import { amiNameDate, amiNameOf, type Digest, shortDigest } from '@ec2-image/provenance';
import type { ImportRequest } from '../config/import-request.ts';

/** The name that a run which starts at this time gives the AMI of this image. */
export function amiNameFor(
  request: ImportRequest,
  { digest, startedAt }: { readonly digest: Digest; readonly startedAt: Date },
): string {
  const parts = { ...amiNameParts(request, digest), date: amiNameDate(startedAt) };
  return amiNameOf(parts, request.amiNameTemplate);
}

/** Everything but the date. */
export function amiNameParts({ name, suffix, architecture }: ImportRequest, digest: Digest) {
  const short = shortDigest(digest);
  return { name, suffix: suffix ?? short, arch: architecture, digest: short };
}
