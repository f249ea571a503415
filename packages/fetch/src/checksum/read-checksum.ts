import type { Digest } from '@ec2-image/provenance';
import { printable } from '@ec2-image/redact';
import type { Dispatcher } from 'undici';
import { openDispatcher } from '../http-get.ts';
import { servedNames, urlNames } from '../image-names.ts';
import { type RetryOptions, tryMirrors } from '../mirrors.ts';
import { defaultStallTimeoutMs } from '../retry.ts';
import type { Signer } from '../signature/judge-signature.ts';
import type { Trust } from '../signature/trust.ts';
import { readSmallFile } from '../small-file.ts';
import { parseSources, type Source } from '../source.ts';
import { entryMissing, findDigest, parseChecksumFile, soleName } from './checksum-file.ts';
import type { ChecksumEntry } from './checksum-lines.ts';
import { checksumSigner } from './checksum-signer.ts';

export interface ReadChecksumOptions extends RetryOptions {
  /** Where the checksum file is: an http(s) or `file:` URL or a local path; several of them are mirrors, the preferred one first. */
  readonly url: string | readonly string[];
  /** Where the image itself is, which tells its name; of mirrors all. */
  readonly imageUrl: string | readonly string[];
  /** The name of the image in the checksum file, where that is another than any URL's. */
  readonly entry?: string;
  /** Whose signatures count: then the digest is believed only if one of them has signed the checksum file, or will be found to have signed the image. */
  readonly trust?: Trust;
  /** Whether it may come over plain http from another machine, where anybody on the way can change it. Default: false. */
  readonly allowInsecure?: boolean;
}

export interface PublishedChecksum {
  readonly digest: Digest;
  /** The one that was read, as it may be shown. */
  readonly url: string;
  /** Who signed the checksum file. Undefined where nobody was asked for, or where the image itself is signed: see `verifyImageSignature`. */
  readonly signer?: Signer;
}

/**
 * The published digest of an image. Its entry is the one named for the file by the image's URL; failing that, as the
 * server names it (in a redirect, or Content-Disposition); failing that, the only one in a file that is named after
 * the image. A notice says which, if it is not the first.
 *
 * @throws FetchError; an abort throws the signal's reason
 */
export async function readChecksum(options: ReadChecksumOptions): Promise<PublishedChecksum> {
  const {
    allowInsecure = false,
    stallTimeoutMs = defaultStallTimeoutMs,
    now = Date.now,
    signal,
    trust,
  } = options;
  const sources = parseSources(options.url);
  const dispatcher = openDispatcher({ stallTimeoutMs, signS3: options.signS3 });
  const network = { dispatcher, stallTimeoutMs, now, signal };
  try {
    const file = await tryMirrors({
      ...options,
      sources,
      attempt: async (source) => {
        const content = await readSmallFile({ ...network, source, allowInsecure });
        return { source, content, ...parseChecksumFile({ content, url: source.shown }) };
      },
    });
    const signer = trust && (await checksumSigner(file, { ...options, trust, network }));
    const digest = await chooseDigest(file, { ...options, dispatcher, stallTimeoutMs });
    return { digest, url: file.source.shown, ...(signer && { signer }) };
  } finally {
    await dispatcher.destroy();
  }
}

async function chooseDigest(
  { source, entries }: { readonly source: Source; readonly entries: readonly ChecksumEntry[] },
  {
    imageUrl,
    entry,
    dispatcher,
    stallTimeoutMs,
    signal,
    onNotice,
  }: ReadChecksumOptions & { readonly dispatcher: Dispatcher; readonly stallTimeoutMs: number },
): Promise<Digest> {
  const images = parseSources(imageUrl);
  const [ownName = '', ...otherNames] = entry === undefined ? urlNames(images[0]!) : [entry];
  const find = (fileName: string) => findDigest({ entries, fileName, url: source.shown });
  const findOther = (names: readonly string[], how: string) => {
    for (const name of names) {
      const digest = find(name);
      if (digest === undefined) continue;
      onNotice?.(`using the checksum of ${printable(name, { maxLength: 200 })}, ${how}`);
      return digest;
    }
    return undefined;
  };
  const digest = find(ownName) ?? findOther(otherNames, 'as the image URL names it');
  if (digest !== undefined) return digest;
  if (entry === undefined) {
    const served = await servedNames(images, { dispatcher, stallTimeoutMs, signal });
    const sole = isNamedAfter(source, images) ? soleName(entries) : undefined;
    const found =
      findOther(served, 'as the server names the image') ??
      findOther(sole === undefined ? [] : [sole], `the only one in ${source.shown}`);
    if (found !== undefined) return found;
  }
  throw entryMissing({ entries, fileName: ownName, url: source.shown });
}

/** Such as `disk.qcow2.sha256` for `disk.qcow2`: in a file of other images, the only entry is of another image. */
function isNamedAfter(checksumFile: Source, images: readonly Source[]): boolean {
  const [name = ''] = urlNames(checksumFile);
  return images.some((image) => {
    const [imageName = ''] = urlNames(image);
    return imageName !== '' && name.startsWith(`${imageName}.`);
  });
}
