import { FetchError } from '../errors.ts';
import { type RetryOptions, tryMirrors } from '../mirrors.ts';
import { readSmallFile, type SmallFileOptions } from '../small-file.ts';
import { parseSource, parseSources, type Source } from '../source.ts';
import type { Keyring } from './keyring.ts';

/** Whose signatures count, and where one is, unless it is in the checksum file. */
export interface Trust {
  readonly keyring: Keyring;
  /** Of a detached signature: an http(s) or `file:` URL or a local path. */
  readonly signatureUrl?: string;
}

export type Network = Omit<SmallFileOptions, 'source' | 'allowInsecure'>;

/** Nobody on the way can make a signature, so it may come over plain http. */
export function fetchSignature({
  url,
  network,
  ...retry
}: RetryOptions & { readonly url: string; readonly network: Network }): Promise<{
  readonly content: Buffer;
  readonly source: Source;
}> {
  return tryMirrors({
    ...retry,
    sources: parseSources(url),
    attempt: async (source) => ({
      source,
      content: await readSmallFile({ ...network, source, allowInsecure: true }),
    }),
  });
}

/** @throws FetchError `SIGNATURE_MISSING` where nothing says where the signature of the image is */
export function requireSignatureUrl({ signatureUrl }: Trust, imageUrl: string): string {
  if (signatureUrl === undefined) throw signatureMissing(parseSource(imageUrl).shown);
  return signatureUrl;
}

/** Where neither a checksum file nor an image is signed. */
export function signatureMissing(signed: string): FetchError {
  return new FetchError('SIGNATURE_MISSING', `${signed} is not signed, and a keyring is given`, {
    hint: 'Give the URL of its detached signature with --signature-url, or that of a signed checksum file with --checksum-url.',
    facts: { signed },
  });
}
