import { type Digest, digestOf } from '@ec2-image/provenance';
import { UsageError } from '../errors/cli-error.ts';
import type { ImageSettings } from '../options/table.ts';
import { label, located, type Origin } from './origin.ts';

/** Where an image's digest is published, or the digest itself. */
export type PublishedChecksum =
  | { readonly url: string; readonly entry?: string }
  | { readonly digest: Digest };

/** Whether nobody on the network can have changed it: then it protects an image that comes over plain http. */
export function isAuthentic(checksum: PublishedChecksum): boolean {
  return 'digest' in checksum || !/^\s*http:/i.test(checksum.url);
}

export type ChecksumSettings = Pick<ImageSettings, 'checksum-url' | 'checksum-entry' | 'sha256' | 'sha512'>;

/** @throws UsageError `CHECKSUM_ENTRY_ALONE`, `CHECKSUM_TWICE`, `MISSING_SETTING` */
export function checksumOf(
  { 'checksum-url': url, 'checksum-entry': entry, sha256, sha512 }: ChecksumSettings,
  origin: Origin = {},
): PublishedChecksum {
  const given = [url, sha256, sha512].filter((value) => value !== undefined);
  if (given.length > 1) {
    throw located(
      'CHECKSUM_TWICE',
      `${label(origin)}checksum-url, sha256 and sha512 are mutually exclusive`,
      origin,
      { hint: 'Specify only one.' },
    );
  }
  if (url !== undefined) return { url, entry };
  if (entry !== undefined) {
    throw located('CHECKSUM_ENTRY_ALONE', `${label(origin)}checksum-entry requires checksum-url`, origin, {
      hint: 'It names an entry of that file.',
    });
  }
  if (sha512 !== undefined) return { digest: digestOf('sha512', sha512) };
  if (sha256 !== undefined) return { digest: digestOf('sha256', sha256) };
  throw new UsageError('MISSING_SETTING', 'missing required options: --checksum-url (or --sha256)', {
    hint: 'An image that is downloaded is verified against its published checksum.',
  });
}
