import { FetchError } from '../errors.ts';

/** The parts of a PGP clear-signed message (RFC 9580 §7). */
export interface ClearSigned {
  /** The lines that are signed, without dash escapes, joined by line feeds: byte for byte as they stand in the message. */
  readonly signed: Buffer;
  /** With its armor. */
  readonly signature: Buffer;
}

/**
 * The parts of a clear-signed message, or undefined where there is no PGP armor in the file.
 *
 * The signature itself is not verified: that needs the publisher's key. But whoever verifies the file with gpg must have verified exactly the lines
 * that are returned here. gpg says "Good signature" of a file with unsigned lines around the message, and with other armor than a clear-signed
 * text, so the file has to be one clear-signed message and nothing else. Refused are: any other line with PGP armor, wherever it stands; lines that are not
 * blank before or after the message; header fields other than these; a line that should have been dash-escaped; a line so long that gpg leaves its end out.
 *
 * @param options.content with its byte order mark, if it has one: gpg does not see a message behind one
 * @throws FetchError `CHECKSUM_SIGNATURE_MALFORMED`
 */
export function readClearSigned({
  content,
  url,
}: {
  readonly content: Buffer;
  readonly url: string;
}): ClearSigned | undefined {
  // A character a byte: what is signed are bytes, whatever their encoding.
  const lines = content.toString('latin1').split(/\r?\n/);
  const [header, ...others] = lines.flatMap((line, index) => (armor.test(line) ? [index] : []));
  if (header === undefined) return undefined;
  requireHeader(lines[header]!, url);
  if (!lines.slice(0, header).every(isBlank)) throw malformed(url, 'there are unsigned lines before it');
  const blank = lines.findIndex((line, index) => index > header && isBlank(line));
  if (blank === -1) throw malformed(url, 'its signature is missing');
  const fields = lines.slice(header + 1, blank);
  if (!fields.every((line) => knownField.test(line)))
    throw malformed(url, 'it has header fields other than Hash, Charset and NotDashEscaped');
  const isEscaped = !fields.some((line) => line.startsWith('NotDashEscaped:'));
  const endsIt = (line: string) => (isEscaped ? /^-(?! )/ : beginSignature).test(line);
  const end = lines.findIndex((line, index) => index > blank && endsIt(line));
  if (end === -1) throw malformed(url, 'its signature is missing');
  if (!beginSignature.test(lines[end]!))
    throw malformed(url, 'a line in its signed part begins with an unescaped dash');
  const [signature, last] = others;
  if (signature !== end) throw malformed(url, 'its signed part contains PGP armor');
  if (last === undefined || !endSignature.test(lines[last]!))
    throw malformed(url, 'its signature does not end');
  if (others.length > 2) throw malformed(url, 'it contains more than one PGP message');
  if (!lines.slice(last + 1).every(isBlank)) throw malformed(url, 'there are unsigned lines after it');
  const signed = lines.slice(blank + 1, end);
  if (signed.some((line) => line.length > maxLineLength))
    throw malformed(url, `a line in its signed part is longer than ${maxLineLength} characters`);
  const text = isEscaped ? signed.map((line) => line.replace(/^- /, '')) : signed;
  return { signed: bytesOf(text), signature: bytesOf([...lines.slice(end, last + 1), '']) };
}

/** Anywhere in a line: gpg wants it at the beginning, and what is elsewhere is there to mislead somebody. */
const armor = /-----(?:BEGIN|END) PGP/;
const beginMessage = /^-----BEGIN PGP SIGNED MESSAGE-----[ \t]*$/;
const beginSignature = /^-----BEGIN PGP SIGNATURE-----[ \t]*$/;
const endSignature = /^-----END PGP SIGNATURE-----[ \t]*$/;
/** What gpg writes: Charset is of RFC 2440, NotDashEscaped gpg's own (`--not-dash-escaped`, for patches). */
const knownField = /^(?:Hash|Charset|NotDashEscaped): [A-Za-z0-9,. ()/_-]+$/;
/** gpg hashes the first 20,000 bytes of a line, warns, and finds the signature good. */
const maxLineLength = 4096;

function requireHeader(line: string, url: string): void {
  if (beginMessage.test(line)) return;
  if (line.includes('BEGIN PGP SIGNED MESSAGE'))
    throw malformed(url, 'the header of its signed part is not alone on its line');
  throw malformed(url, 'its PGP armor is not that of a clear-signed text');
}

function bytesOf(lines: readonly string[]): Buffer {
  return Buffer.from(lines.join('\n'), 'latin1');
}

function isBlank(line: string): boolean {
  return /^[ \t]*$/.test(line);
}

function malformed(url: string, why: string): FetchError {
  return new FetchError('CHECKSUM_SIGNATURE_MALFORMED', `cannot use the signed file ${url}: ${why}`, {
    hint: 'Use the URL of the plain or clear-signed checksum file; or get the checksum from the publisher another way, and give it with --sha256 or --sha512.',
    facts: { url },
  });
}
