import { ProvenanceError } from './errors.ts';

export type DigestAlgorithm = 'sha256' | 'sha512';

/** A digest as it was published: algorithm, colon, lower-case hex. It names the image in lookups, keys and tags. */
export type Digest = `${DigestAlgorithm}:${string}`;

const hexLength: Readonly<Record<DigestAlgorithm, number>> = { sha256: 64, sha512: 128 };

/** @throws ProvenanceError `BAD_DIGEST` */
export function digestOf(algorithm: DigestAlgorithm, hex: string): Digest {
  const lower = hex.trim().toLowerCase();
  if (lower.length !== hexLength[algorithm] || !/^[0-9a-f]+$/.test(lower)) {
    throw new ProvenanceError(
      'BAD_DIGEST',
      `not a ${algorithm} digest: ${JSON.stringify(hex.slice(0, 160))}`,
      {
        hint: `Use ${hexLength[algorithm]} hexadecimal digits.`,
        facts: { algorithm },
      },
    );
  }
  return `${algorithm}:${lower}`;
}

/** The digest that `text` is, or undefined where it is none. */
export function parseDigest(text: string): Digest | undefined {
  const match = /^(sha256|sha512):([0-9a-f]+)$/.exec(text);
  const algorithm = match?.[1] as DigestAlgorithm | undefined;
  if (!algorithm || match?.[2]?.length !== hexLength[algorithm]) return undefined;
  return text as Digest;
}

export function digestAlgorithm(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256';
}

export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}

/** The first 12 hex digits: the default suffix and the file name in an object key. */
export function shortDigest(digest: Digest): string {
  return digestHex(digest).slice(0, 12);
}
