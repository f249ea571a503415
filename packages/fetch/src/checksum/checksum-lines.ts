import { type Digest, digestOf, parseDigest } from '@ec2-image/provenance';

/** One line of a checksum file, or one object of a JSON document. */
export interface ChecksumEntry {
  /** Undefined where there is a digest alone. */
  readonly name?: string;
  /** Undefined where the algorithm proves nothing or is not known here: MD5, SHA-1, BLAKE2. */
  readonly digest?: Digest;
}

/**
 * The entries of a checksum file, in order; comments and whatever else it holds are left out. Blanks around a line,
 * and more of them between its parts, do not count.
 *
 *     SHA256 (disk.qcow2) = 3f2a…       BSD, Fedora; also OpenSSL's SHA2-256(disk.qcow2)= 3f2a…
 *     3f2a…  disk.qcow2                 coreutils, text mode: the number of digits tells the algorithm
 *     3f2a… *disk.qcow2                 coreutils, binary mode: Debian, Ubuntu
 *     \3f2a…  odd\nname                 coreutils, for names with a backslash or a line break
 *     sha256:3f2a…  disk.qcow2          as container registries and GitHub write a digest
 *     sha256-P1f…=  disk.qcow2          subresource integrity
 *     disk.qcow2: 3f2a…                 by name; `SHA256: 3f2a…` is a digest alone
 *     3f2a…                             a digest alone, in any of these forms
 */
export function parseChecksumLines(text: string): readonly ChecksumEntry[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const trimmed = trimBlanks(line);
    if (trimmed.startsWith('#')) return [];
    return (
      parseBsd(trimmed) ?? parseDigestFirst(trimmed) ?? parseNameFirst(trimmed) ?? parseBare(trimmed) ?? []
    );
  });
}

/** A digest as any of the forms above has it, or undefined where the text is not one. */
export function digestIn(text: string): Digest | undefined {
  return parseDigest(text.toLowerCase()) ?? digestByLength(text) ?? digestOfIntegrity(text);
}

function parseBsd(line: string): ChecksumEntry | undefined {
  const match = /^(\\?)([A-Za-z][A-Za-z0-9/-]{0,30})[ \t]*\((.+)\)[ \t]*=[ \t]*([0-9A-Fa-f]+)$/s.exec(line);
  if (!match) return undefined;
  const [, escaped, algorithm, name, hex] = match as unknown as [string, string, string, string, string];
  return { name: escaped ? unescapeName(name) : name, digest: namedDigest(algorithm, hex) };
}

/** MD5's 32 digits are the fewest that make a line one of a checksum file. */
const digestFirst = /^(\\?)((?:sha(?:256|512)[:-])?[0-9A-Za-z+/]{32,}={0,2})([ \t]+)(.+)$/s;

function parseDigestFirst(line: string): ChecksumEntry | undefined {
  const match = digestFirst.exec(line);
  if (!match) return undefined;
  const [, escaped, written, blanks, rest] = match as unknown as [string, string, string, string, string];
  const digest = digestIn(written);
  if (!digest && !/^[0-9A-Fa-f]+$/.test(written)) return undefined;
  const name = blanks === ' ' && rest.startsWith('*') ? rest.slice(1) : rest;
  return { name: escaped ? unescapeName(name) : name, digest };
}

const algorithmLabel = /^sha-?2?-?(256|512)(?:sum)?$/i;

function parseNameFirst(line: string): ChecksumEntry | undefined {
  // From the right: a name may hold the separator, a digest cannot.
  const at = Math.max(line.lastIndexOf(': '), line.lastIndexOf(':\t'));
  if (at <= 0) return undefined;
  const digest = digestIn(trimBlanks(line.slice(at + 1)));
  const name = trimBlanks(line.slice(0, at));
  if (!digest || name === '') return undefined;
  const label = algorithmLabel.exec(name);
  if (!label) return { name, digest };
  return digest.startsWith(`sha${label[1]}:`) ? { digest } : undefined;
}

function parseBare(line: string): ChecksumEntry | undefined {
  const digest = digestIn(line);
  return digest && { digest };
}

function namedDigest(algorithm: string, hex: string): Digest | undefined {
  const strong = algorithmLabel.exec(algorithm);
  const digest = digestByLength(hex);
  return strong && digest?.startsWith(`sha${strong[1]}:`) ? digest : undefined;
}

function digestByLength(hex: string): Digest | undefined {
  if (!/^[0-9A-Fa-f]+$/.test(hex)) return undefined;
  if (hex.length === 64) return digestOf('sha256', hex);
  return hex.length === 128 ? digestOf('sha512', hex) : undefined;
}

/** W3C Subresource Integrity, 3.1: the algorithm, a dash, base64. */
function digestOfIntegrity(text: string): Digest | undefined {
  const match = /^sha(256|512)-([A-Za-z0-9+/]+={0,2})$/.exec(text);
  const bytes = match && Buffer.from(match[2]!, 'base64');
  if (!bytes || bytes.length * 8 !== Number(match[1]) || bytes.toString('base64') !== match[2])
    return undefined;
  return digestOf(match[1] === '256' ? 'sha256' : 'sha512', bytes.toString('hex'));
}

/** A regular expression for the blanks at an end tries each run of blanks in the line to its end. */
function trimBlanks(text: string): string {
  const isBlank = (at: number) => text[at] === ' ' || text[at] === '\t' || text[at] === '\r';
  let [start, end] = [0, text.length];
  while (start < end && isBlank(start)) start++;
  while (end > start && isBlank(end - 1)) end--;
  return text.slice(start, end);
}

function unescapeName(name: string): string {
  return name.replace(/\\([\\nr])/g, (_, letter: string) => ({ n: '\n', r: '\r' })[letter] ?? '\\');
}
