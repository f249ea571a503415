import { amiNameOf } from '@ec2-image/provenance';
import { label, located } from './origin.ts';
import type { ConfigFile } from './read-config.ts';
import type { Session } from './session.ts';

/** What of a requested image its AMI is named by, and where that is. */
interface NamedImage {
  readonly name: string;
  readonly suffix?: string;
  readonly architecture: string;
  readonly amiNameTemplate?: string;
  readonly session: Session;
  readonly given: { readonly file?: ConfigFile };
}

/**
 * Two images of one account and region must not become AMIs of one name: the second would find the first in its way, after
 * everything had been made.
 *
 * @throws UsageError `DUPLICATE_AMI_NAME`
 */
export function requireDistinctNames(requests: readonly NamedImage[]): void {
  const seen = new Map<string, NamedImage>();
  for (const request of requests) {
    const amiName = nameOf(request);
    const place = JSON.stringify([request.session, amiName]);
    const other = seen.get(place);
    if (other) throw duplicate(request, { other, amiName });
    seen.set(place, request);
  }
}

/** Digest and date stand for themselves: one date is that of all images of a run, and no two images have one digest. */
function nameOf({ name, suffix, architecture, amiNameTemplate }: NamedImage): string {
  const digest = `digest of ${name}`.replace(/[^A-Za-z0-9 ]/g, '_').slice(0, 60);
  const parts = { name, suffix: suffix ?? digest, arch: architecture, digest, date: 'date' };
  try {
    return amiNameOf(parts, amiNameTemplate);
  } catch {
    // Longer than the real one, which was checked.
    return JSON.stringify([parts, amiNameTemplate]);
  }
}

function duplicate(
  { name, given }: NamedImage,
  { other, amiName }: { readonly other: NamedImage; readonly amiName: string },
) {
  const origin = given.file ? { file: given.file, path: ['images', name] } : {};
  return located(
    'DUPLICATE_AMI_NAME',
    `${label(origin)}the AMIs of ${other.name} and ${name} would both be named ${amiName}`,
    origin,
    {
      hint: 'Use {name}, {arch} or {digest} in ami-name, or give them different suffixes.',
      facts: { amiName, images: [other.name, name] },
    },
  );
}
