import type { Digest } from '@ec2-image/provenance';
import { FetchError } from './errors.ts';
import { formatExactBytes } from './format-bytes.ts';
import { looksLikeHtml } from './html.ts';

/** What was seen of a file whose digest is wrong. */
export interface Mismatch {
  readonly expected: Digest;
  /** Of every download in turn. */
  readonly actual: readonly Digest[];
  /** Where they came from, as they may be shown. */
  readonly urls: readonly string[];
  readonly checksumUrl?: string;
  /** The first bytes of the last one. */
  readonly head: Buffer;
  readonly sizeBytes: number;
}

/** @returns a FetchError `DIGEST_MISMATCH` that names the likeliest cause */
export function mismatchError(mismatch: Mismatch): FetchError {
  const { expected, actual, urls, checksumUrl, sizeBytes } = mismatch;
  const last = actual.at(-1)!;
  const published = checksumUrl ? `${checksumUrl} lists ${expected}` : `the expected digest is ${expected}`;
  const cause = likeliestCause(mismatch);
  return new FetchError(
    'DIGEST_MISMATCH',
    `${[...new Set(urls)].join(' and ')} ${urls.length > 1 ? 'returned' : 'has the digest'} ${last}, but ${published}: ${cause.what}`,
    {
      hint: cause.hint,
      facts: { expected, actual: last, urls, checksumUrl, sizeBytes },
    },
  );
}

function likeliestCause({ actual, urls, head, sizeBytes, checksumUrl }: Mismatch): {
  what: string;
  hint: string;
} {
  if (sizeBytes === 0) return { what: 'the file is empty', hint: 'Check the URL, or use another mirror.' };
  if (looksLikeHtml(head))
    return {
      what: 'it is a web page, not an image',
      hint: 'Use the URL of the file itself; this one leads to a page about it, or to a login or error page.',
    };
  if (looksLikeGzip(head) && !urls.some((url) => /\.(?:t?gz)$/i.test(url)))
    return {
      what: 'it is compressed with gzip, which its name does not indicate: the server or a proxy compressed it',
      hint: 'Use another mirror, or an https URL, which proxies do not change.',
    };
  const where = checksumUrl ?? 'the source of the digest';
  if (new Set(actual).size < actual.length)
    return {
      what: `both downloads returned the same ${formatExactBytes(sizeBytes)}: the file on the server is incomplete or corrupt, or the checksum is for another build`,
      hint: `Compare the size with the one that the publisher gives, and try another mirror; if the file is complete, check ${where}.`,
    };
  if (actual.length > 1)
    return {
      what: `the downloads differ from each other, so ${
        new Set(urls).size > 1 ? 'a mirror holds another build, or ' : ''
      }bytes are corrupted in transit, by a proxy, or by this machine's disk or memory`,
      hint: 'Try another network or mirror, and check the disk and memory of this machine.',
    };
  return {
    what: 'it is corrupt, or not the build that the checksum is for',
    hint: `Compare the file with its source, and with ${where}.`,
  };
}

/** RFC 1952 §2.3.1 */
function looksLikeGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}
