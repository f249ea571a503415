import { FetchError } from './errors.ts';

/**
 * The text a PGP clear-signed message signs (RFC 9580 §7), or the whole text where it is none.
 *
 * The signature itself is not verified: that needs the publisher's key. But what stands outside the signed part was never signed by
 * anybody, so it never counts, and whatever could make a reader and gpg disagree about where the signed part is, is refused: a second header, a
 * header that does not stand alone on its line, header fields other than Hash, a line that should have been dash-escaped, a signature that is missing.
 *
 * @throws FetchError `CHECKSUM_SIGNATURE_MALFORMED`
 */
export function signedText({ text, url }: { readonly text: string; readonly url: string }): string {
  const lines = text.split(/\r?\n/);
  const headers = lines.filter((line) => line.includes(marker) && !line.startsWith('- '));
  if (headers.length === 0) return text;
  if (headers.length > 1) throw malformed(url, 'it has more than one signed part');
  const header = lines.indexOf(headers[0]!);
  if (!/^-----BEGIN PGP SIGNED MESSAGE-----[ \t]*$/.test(headers[0]!))
    throw malformed(url, 'the header of its signed part does not stand alone on its line');
  const blank = lines.findIndex((line, index) => index > header && /^[ \t]*$/.test(line));
  const end = lines.findIndex(
    (line, index) => index > blank && line.startsWith('-') && !line.startsWith('- '),
  );
  if (blank === -1 || end === -1) throw malformed(url, 'its signature is missing');
  if (lines.slice(header + 1, blank).some((line) => !/^Hash: [A-Za-z0-9, /-]+$/.test(line)))
    throw malformed(url, 'it has header fields other than Hash');
  if (!/^-----BEGIN PGP SIGNATURE-----[ \t]*$/.test(lines[end]!))
    throw malformed(url, 'a line in its signed part begins with an unescaped dash');
  if (!lines.slice(end).some((line) => /^-----END PGP SIGNATURE-----[ \t]*$/.test(line)))
    throw malformed(url, 'its signature does not end');
  return lines
    .slice(blank + 1, end)
    .map((line) => line.replace(/^- /, ''))
    .join('\n');
}

const marker = 'BEGIN PGP SIGNED MESSAGE';

function malformed(url: string, why: string): FetchError {
  return new FetchError('CHECKSUM_SIGNATURE_MALFORMED', `the clear-signed file ${url} is malformed: ${why}`, {
    hint: 'Do not use it: get the checksum from the publisher by another way, and give it with --sha256 or --sha512.',
    facts: { url },
  });
}
