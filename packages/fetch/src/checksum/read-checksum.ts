import { readFile, stat } from 'node:fs/promises';
import type { Digest } from '@ec2-image/provenance';
import { printable, redactUrl } from '@ec2-image/redact';
import type { Dispatcher } from 'undici';
import { FetchError } from '../errors.ts';
import { formatBytes } from '../format-bytes.ts';
import { stallError, statusError, transferError } from '../http-errors.ts';
import { httpGet, openDispatcher, type Response } from '../http-get.ts';
import { defaultStallTimeoutMs, type RetryOptions, tryMirrors } from '../mirrors.ts';
import { isLoopback } from '../redirect.ts';
import { type HttpSource, type LocalSource, parseSources, type Source, unreadable } from '../source.ts';
import { entryMissing, findDigest, parseChecksumFile, soleName } from './checksum-file.ts';
import type { ChecksumEntry } from './checksum-lines.ts';
import { decodeContent } from './content-encoding.ts';
import { servedNames, urlNames } from './image-names.ts';

export interface ReadChecksumOptions extends RetryOptions {
  /** Where the checksum file is: an http(s) or `file:` URL or a local path; several of them are mirrors, the preferred one first. */
  readonly url: string | readonly string[];
  /** Where the image itself is, which tells its name; of mirrors all. */
  readonly imageUrl: string | readonly string[];
  /** The name of the image in the checksum file, where that is another than any URL's. */
  readonly entry?: string;
  /** Whether it may come over plain http from another machine, where anybody on the way can change it. Default: false. */
  readonly allowInsecure?: boolean;
}

export interface PublishedChecksum {
  readonly digest: Digest;
  /** The one that was read, as it may be shown. */
  readonly url: string;
}

/** Fedora's are 2 kB, Debian's 30 kB. */
const maxChecksumFileBytes = 2 ** 20;

/**
 * The published digest of an image. Its entry is the one named for the file by the image's URL; failing that, as the
 * server names it (in a redirect, or Content-Disposition); failing that, the only one in a file that is named after
 * the image. A notice says which, if it is not the first.
 *
 * @throws FetchError; an abort throws the signal's reason
 */
export async function readChecksum(options: ReadChecksumOptions): Promise<PublishedChecksum> {
  const { allowInsecure = false, stallTimeoutMs = defaultStallTimeoutMs, now = Date.now } = options;
  const sources = parseSources(options.url);
  const dispatcher = openDispatcher({ stallTimeoutMs });
  try {
    const file = await tryMirrors({
      ...options,
      sources,
      attempt: async (source) => {
        const content =
          source.kind === 'local'
            ? await readLocal(source)
            : await download({ ...options, source, dispatcher, allowInsecure, stallTimeoutMs, now });
        return { source, entries: parseChecksumFile({ content, url: source.shown }) };
      },
    });
    const digest = await chooseDigest(file, { ...options, dispatcher, stallTimeoutMs });
    return { digest, url: file.source.shown };
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

async function readLocal(source: LocalSource): Promise<Buffer> {
  let content: Buffer;
  try {
    const stats = await stat(source.path);
    if (!stats.isFile()) throw new Error('it is not a regular file');
    if (stats.size > maxChecksumFileBytes) throw tooLarge(source);
    content = await readFile(source.path);
  } catch (cause) {
    throw cause instanceof FetchError ? cause : unreadable({ source, cause: cause as Error });
  }
  return content;
}

/** One attempt, which has to be over within the stall time-out: nothing this small takes longer on a connection that works. */
async function download({
  source,
  dispatcher,
  allowInsecure,
  stallTimeoutMs,
  now,
  signal,
}: {
  readonly source: HttpSource;
  readonly dispatcher: Dispatcher;
  readonly allowInsecure: boolean;
  readonly stallTimeoutMs: number;
  readonly now: () => number;
  readonly signal?: AbortSignal;
}): Promise<Buffer> {
  const deadline = AbortSignal.timeout(stallTimeoutMs);
  try {
    const response = await httpGet({
      url: source.url,
      dispatcher,
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      checkHop: allowInsecure ? undefined : refuseInsecure,
    });
    if (response.status === 200) {
      const content = await readBody(response, source);
      return await decodeContent(content, {
        encoding: response.headers['content-encoding'],
        maxBytes: maxChecksumFileBytes,
        url: source.shown,
      });
    }
    response.body.discard();
    throw statusError({ ...response, nowMs: now(), notFoundHint: 'Check the checksum URL.' });
  } catch (cause) {
    signal?.throwIfAborted();
    if (deadline.aborted) throw stallError({ url: source.url, received: 0, cause });
    throw cause;
  }
}

async function readBody({ url, body }: Response, source: HttpSource): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let received = 0;
  try {
    for await (const chunk of body) {
      received += chunk.length;
      if (received > maxChecksumFileBytes) throw tooLarge(source);
      chunks.push(chunk);
    }
  } catch (cause) {
    throw transferError({ cause, url, received: { bytes: received } });
  }
  return Buffer.concat(chunks);
}

/** Loopback aside: what goes there nobody can change on the way. */
function refuseInsecure(hop: URL): void {
  if (hop.protocol !== 'http:' || isLoopback(hop)) return;
  const shown = redactUrl(hop);
  throw new FetchError('INSECURE_CHECKSUM', `refusing a checksum over plain http, from ${shown}`, {
    hint: 'Use an https URL, or, if nobody on the network path can change it, --allow-insecure-checksum.',
    facts: { url: shown },
  });
}

function tooLarge({ shown }: { readonly shown: string }): FetchError {
  return new FetchError(
    'CHECKSUM_TOO_LARGE',
    `${shown} is larger than ${formatBytes(maxChecksumFileBytes)}: it is not a checksum file`,
    {
      hint: 'Check the checksum URL: it may be that of the image.',
      facts: { url: shown, maxSizeBytes: maxChecksumFileBytes },
    },
  );
}
