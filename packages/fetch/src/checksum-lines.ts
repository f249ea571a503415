import { type Digest, digestOf } from '@ec2-image/provenance';

/** One line of a checksum file. */
export interface ChecksumEntry {
  /** Undefined where the line is a digest alone. */
  readonly name?: string;
  /** Undefined where the algorithm is none that proves anything, or none we know: MD5, SHA-1, BLAKE2. */
  readonly digest?: Digest;
}

/**
 * The entries of a checksum file, in order; comments and whatever else it holds are left out.
 *
 *     SHA256 (disk.qcow2) = 3f2a…       BSD, Fedora; also OpenSSL's SHA2-256(disk.qcow2)= 3f2a…
 *     3f2a…  disk.qcow2                 coreutils, text mode: the algorithm is told by the number of digits
 *     3f2a… *disk.qcow2                 coreutils, binary mode: Debian, Ubuntu
 *     \3f2a…  odd\nname                 coreutils, for names with a backslash or a line break
 *     3f2a…                             a digest alone
 */
export function parseChecksumLines(text: string): readonly ChecksumEntry[] {
  return text
    .split(/\r?\n/)
    .flatMap((line) => parseBsd(line) ?? parseCoreutils(line) ?? parseBare(line) ?? []);
}

function parseBsd(line: string): ChecksumEntry | undefined {
  const match = /^(\\?)([A-Za-z][A-Za-z0-9/-]*) ?\((.+)\) ?= ?([0-9A-Fa-f]+)[ \t]*$/s.exec(line);
  if (!match) return undefined;
  const [, escaped, algorithm, name, hex] = match as unknown as [string, string, string, string, string];
  return { name: escaped ? unescapeName(name) : name, digest: namedDigest(algorithm, hex) };
}

function parseCoreutils(line: string): ChecksumEntry | undefined {
  const match = /^(\\?)([0-9A-Fa-f]{32,})(?: [ *]|[ \t])(.+)$/s.exec(line);
  if (!match) return undefined;
  const [, escaped, hex, name] = match as unknown as [string, string, string, string];
  if (name.trim() === '') return undefined;
  return { name: escaped ? unescapeName(name) : name, digest: digestByLength(hex) };
}

function parseBare(line: string): ChecksumEntry | undefined {
  const digest = digestByLength(line.trim());
  return digest && { digest };
}

function namedDigest(algorithm: string, hex: string): Digest | undefined {
  const strong = /^SHA(?:2-|-)?(256|512)$/i.exec(algorithm);
  const digest = digestByLength(hex);
  return strong && digest?.startsWith(`sha${strong[1]}:`) ? digest : undefined;
}

function digestByLength(hex: string): Digest | undefined {
  if (!/^[0-9A-Fa-f]+$/.test(hex)) return undefined;
  if (hex.length === 64) return digestOf('sha256', hex);
  return hex.length === 128 ? digestOf('sha512', hex) : undefined;
}

function unescapeName(name: string): string {
  return name.replace(/\\([\\nr])/g, (_, letter: string) => ({ n: '\n', r: '\r' })[letter] ?? '\\');
}
