import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { intoPlace } from './into-place.ts';

export interface WriteChecksumFileOptions {
  /** Where the checksum file goes; what is there is replaced. */
  readonly path: string;
  /** The files whose names, without directories, and digests it lists. */
  readonly files: readonly string[];
  /** Default `sha256`. */
  readonly algorithm?: 'sha256' | 'sha512';
  /** `bsd` is Fedora's (`SHA256 (name) = …` below a comment with the size), `coreutils` Debian's (`…  name`). Default `bsd`. */
  readonly style?: 'bsd' | 'coreutils';
  /** Wraps it as a clear-signed PGP message, whose signature has the shape of one and is none. Default false. */
  readonly clearSigned?: boolean;
  readonly signal?: AbortSignal;
}

interface Entry {
  readonly name: string;
  readonly sizeBytes: number;
  readonly hex: string;
}

/** Writes a checksum file as distributions publish it beside their images; gives each file's digest in hex by its name. */
export async function writeChecksumFile(options: WriteChecksumFileOptions): Promise<Record<string, string>> {
  const { path, files, algorithm = 'sha256', style = 'bsd', clearSigned = false, signal } = options;
  const entries: Entry[] = [];
  for (const file of files) {
    const { size: sizeBytes } = await stat(file);
    entries.push({ name: basename(file), sizeBytes, hex: await hashFile({ file, algorithm, signal }) });
  }
  const label = algorithm.toUpperCase();
  const lines =
    style === 'coreutils'
      ? entries.map(({ name, hex }) => `${hex}  ${name}`)
      : entries.flatMap(({ name, sizeBytes, hex }) => [
          `# ${name}: ${sizeBytes} bytes`,
          `${label} (${name}) = ${hex}`,
        ]);
  const text = [...(clearSigned ? clearSign(lines, label) : lines), ''].join('\n');
  await intoPlace(path, (partial) => writeFile(partial, text));
  return Object.fromEntries(entries.map(({ name, hex }) => [name, hex]));
}

/** RFC 9580, section 7: the framework of a clear-signed message. */
function clearSign(lines: readonly string[], hash: string): string[] {
  const filler = createHash('sha512').update(lines.join('\n')).digest('base64');
  return [
    '-----BEGIN PGP SIGNED MESSAGE-----',
    `Hash: ${hash}`,
    '',
    ...lines,
    '-----BEGIN PGP SIGNATURE-----',
    '',
    ...filler.match(/.{1,64}/g)!,
    '-----END PGP SIGNATURE-----',
  ];
}

async function hashFile({
  file,
  algorithm,
  signal,
}: {
  readonly file: string;
  readonly algorithm: string;
  readonly signal?: AbortSignal;
}): Promise<string> {
  const hash = createHash(algorithm);
  try {
    await pipeline(createReadStream(file, { highWaterMark: 2 ** 20 }), hash, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
  return hash.digest('hex');
}
