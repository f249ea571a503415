import { isUtf8 } from 'node:buffer';
import { type Digest, digestAlgorithm } from '@ec2-image/provenance';
import { printable } from '@ec2-image/redact';
import { FetchError } from '../errors.ts';
import { looksLikeHtml } from '../html.ts';
import { parseChecksumJson } from './checksum-json.ts';
import { type ChecksumEntry, parseChecksumLines } from './checksum-lines.ts';
import { type ClearSigned, readClearSigned } from './clear-signed.ts';

export interface ChecksumFile {
  readonly entries: readonly ChecksumEntry[];
  /** Where the file is a clear-signed message: what is signed, from which alone the entries are, and the signature, which nobody has verified yet. */
  readonly clearSigned?: ClearSigned;
}

/**
 * What a checksum file holds, from bytes that nobody vouches for.
 *
 * @param options.url where the file comes from, as it may be shown
 * @throws FetchError `CHECKSUM_IS_HTML`, `CHECKSUM_SIGNATURE_MALFORMED`, `CHECKSUM_UNREADABLE`
 */
export function parseChecksumFile({
  content,
  url,
}: {
  readonly content: Buffer;
  readonly url: string;
}): ChecksumFile {
  if (looksLikeHtml(content))
    throw new FetchError('CHECKSUM_IS_HTML', `${url} is a web page, not a checksum file`, {
      hint: 'Use the URL of the checksum file itself: its "raw" or "download" link.',
      facts: { url },
    });
  if (isBinary(content))
    throw new FetchError('CHECKSUM_UNREADABLE', `${url} is a binary file, not a checksum file`, {
      hint: 'Use the URL of the text file; a binary file may be a PGP signature, or a PGP message that contains the text.',
      facts: { url },
    });
  const clearSigned = readClearSigned({ content, url });
  const text = decode(clearSigned?.signed ?? content).replace(/^\ufeff/, '');
  const entries = parseChecksumJson(text) ?? parseChecksumLines(text);
  if (entries.length === 0)
    throw new FetchError('CHECKSUM_UNREADABLE', `${url} contains no checksum in a supported format`, {
      hint: 'Supported: sha256sum/sha512sum lines, BSD lines (SHA256 (file) = …), JSON with names and digests, or a bare digest.',
      facts: { url },
    });
  return { entries, ...(clearSigned && { clearSigned }) };
}

export interface EntryQuery {
  readonly entries: readonly ChecksumEntry[];
  readonly fileName: string;
  /** As it may be shown. */
  readonly url: string;
}

/**
 * The digest that the entries give for a file, or undefined where none is for it.
 *
 * An entry counts if it has exactly the file's name (`./` before it aside), or else if its path ends in that name. Only a file that
 * names nothing at all can hold a digest without a name. Where there are both SHA-256 and SHA-512, SHA-512 is taken; weaker ones never.
 *
 * @throws FetchError `CHECKSUM_CONFLICT`, and `CHECKSUM_ENTRY_MISSING` where there are only weaker ones
 */
export function findDigest({ entries, fileName, url }: EntryQuery): Digest | undefined {
  const matching = entriesOf(entries, fileName);
  const digests = [...new Set(matching.flatMap(({ digest }) => digest ?? []))];
  const sha512 = digests.filter((digest) => digestAlgorithm(digest) === 'sha512');
  const sha256 = digests.filter((digest) => digestAlgorithm(digest) === 'sha256');
  if (sha512.length > 1 || sha256.length > 1) throw conflict({ digests, fileName, url });
  const digest = sha512[0] ?? sha256[0];
  if (!digest && matching.length > 0) {
    const shown = printable(fileName, { maxLength: maxNameLength });
    throw missing(`${url} lists ${shown}, but with neither SHA-256 nor SHA-512`, { url, fileName: shown });
  }
  return digest;
}

/** The name of the one file that the entries are of, if they are of one. */
export function soleName(entries: readonly ChecksumEntry[]): string | undefined {
  const names = new Set(entries.flatMap(({ name }) => name ?? []));
  return names.size === 1 ? [...names][0] : undefined;
}

/** PowerShell's redirections write UTF-16; everybody else writes UTF-8. */
function isUtf16(content: Buffer): boolean {
  return content[0] === 0xff && content[1] === 0xfe;
}

/**
 * What another program may read differently than this one reads its lines. A binary PGP message begins with a byte above 127, and may hold lines that
 * nobody signed, such as in the file name that it gives. Bytes of an ASCII message have no business in UTF-16.
 */
function isBinary(content: Buffer): boolean {
  if (isUtf16(content)) return content.includes('-----BEGIN PGP');
  return content.length > 0 && content[0]! > 0x7f && !isUtf8(content);
}

/** The byte order mark stays. */
function decode(content: Buffer): string {
  return new TextDecoder(isUtf16(content) ? 'utf-16le' : 'utf-8', { ignoreBOM: true }).decode(content);
}

function entriesOf(entries: readonly ChecksumEntry[], fileName: string): readonly ChecksumEntry[] {
  const named = entries.filter(({ name }) => name !== undefined);
  if (named.length === 0) return entries;
  if (fileName === '') return [];
  const exact = named.filter(({ name }) => name!.replace(/^(?:\.\/)+/, '') === fileName);
  return exact.length > 0 ? exact : named.filter(({ name }) => name!.endsWith(`/${fileName}`));
}

/** More names than these help nobody. */
const maxNamesShown = 10;

/** Of a file's name in a message, in characters. */
const maxNameLength = 120;

/** @returns a FetchError `CHECKSUM_ENTRY_MISSING` that shows what the entries are of */
export function entryMissing({ entries, fileName, url }: EntryQuery): FetchError {
  const wanted = printable(fileName, { maxLength: maxNameLength });
  const all = [
    ...new Set(
      entries.flatMap(({ name }) =>
        name === undefined ? [] : printable(name, { maxLength: maxNameLength }),
      ),
    ),
  ];
  const names = all.slice(0, maxNamesShown);
  const more = all.length > names.length ? `, and ${all.length - names.length} more` : '';
  return missing(`${url} has no checksum for ${wanted}; it lists ${names.join(', ')}${more}`, {
    url,
    fileName: wanted,
    names,
  });
}

function missing(message: string, facts: Readonly<Record<string, unknown>>): FetchError {
  return new FetchError('CHECKSUM_ENTRY_MISSING', message, {
    hint: 'Use the checksum file of this image, name its entry with --checksum-entry, or give its digest with --sha256 or --sha512.',
    facts,
  });
}

function conflict({
  digests,
  fileName,
  url,
}: {
  readonly digests: readonly Digest[];
  readonly fileName: string;
  readonly url: string;
}): FetchError {
  const shown = digests.slice(0, 4);
  return new FetchError(
    'CHECKSUM_CONFLICT',
    `${url} gives ${digests.length} different checksums for ${printable(fileName, { maxLength: maxNameLength })}: ${shown.join(', ')}`,
    {
      hint: 'Find out which of them is the digest of this image, and give it with --sha256 or --sha512.',
      facts: { url, fileName: printable(fileName, { maxLength: maxNameLength }), digests: shown },
    },
  );
}
