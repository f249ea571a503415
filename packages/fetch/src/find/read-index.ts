import { FetchError } from '../errors.ts';
import { formatBytes } from '../format-bytes.ts';
import type { RetryOptions } from '../mirrors.ts';
import { tryMirrors } from '../mirrors.ts';
import { fetchSmallFile, type SmallFileKind, type SmallFileOptions } from '../small-file.ts';
import { type HttpSource, parseSource } from '../source.ts';
import { type BucketPage, type Listing, parseBucketPage, parseListing } from './listing.ts';

/** Everything that reading from a publisher takes. */
export type Network = RetryOptions &
  Pick<SmallFileOptions, 'dispatcher' | 'stallTimeoutMs' | 'now'> & {
    /** Whether an index may come over plain http from another machine. */
    readonly allowInsecure: boolean;
  };

/** Ubuntu's index is 3 MB, Debian's largest listing 1 MB. */
const maxIndexBytes = 32 * 2 ** 20;

const index: SmallFileKind = {
  maxBytes: maxIndexBytes,
  notFoundHint: 'Check the release and the URL of the index.',
  tooLarge: (url) =>
    new FetchError('INDEX_TOO_LARGE', `${url} is larger than ${formatBytes(maxIndexBytes)}`, {
      hint: 'Check the URL, or name a directory further down.',
      facts: { url, maxSizeBytes: maxIndexBytes },
    }),
  insecure: (url) =>
    new FetchError('INSECURE_INDEX', `refusing an index over plain http, from ${url}`, {
      hint: 'Use an https URL, or, if nobody on the network path can change it, --allow-insecure-checksum.',
      facts: { url },
    }),
};

/**
 * What an index says, from the first mirror that has it.
 *
 * @param options.path below each root
 * @throws FetchError; an abort throws the signal's reason
 */
export async function readIndex<T>(
  network: Network,
  {
    roots,
    path,
    read,
  }: {
    readonly roots: readonly URL[];
    readonly path: string;
    readonly read: (file: { readonly text: string; readonly url: URL }, source: HttpSource) => T | Promise<T>;
  },
): Promise<T> {
  return tryMirrors({
    ...network,
    sources: roots.map((root) => parseSource(below(root, path).href) as HttpSource),
    attempt: async (source) => read(await readText(network, source), source),
  });
}

/** The listing of a directory, from the first mirror that has it. */
export function readListing(
  network: Network,
  { roots, path }: { readonly roots: readonly URL[]; readonly path: string },
): Promise<Listing> {
  return tryMirrors({
    ...network,
    sources: roots.map((root) => parseSource(below(root, path).href) as HttpSource),
    attempt: async (source) => {
      try {
        const file = await readText(network, source);
        const isBucket = parseBucketPage({ text: file.text, prefix: '' }) !== undefined;
        return (isBucket && (await readBucket(network, source))) || parseListing(file);
      } catch (error) {
        // A bucket answers for its keys, and has no directories to ask for.
        if (!isNoDirectory(error)) throw error;
        const listing = await readBucket(network, source);
        if (!listing) throw error;
        return listing;
      }
    },
  });
}

/** Whether none of the mirrors has it. */
export function isAbsent(error: unknown): boolean {
  if (!(error instanceof FetchError)) return false;
  const { failures } = error.facts as { failures?: readonly { readonly code?: string }[] };
  if (error.code === 'EVERY_URL_FAILED')
    return failures?.every(({ code }) => code === 'HTTP_NOT_FOUND') ?? false;
  return error.code === 'HTTP_NOT_FOUND';
}

/** For {@link Promise.catch}: undefined where none of the mirrors has it. */
export function absent(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
  return undefined;
}

function isNoDirectory(error: unknown): boolean {
  return error instanceof FetchError && (error.code === 'HTTP_NOT_FOUND' || error.code === 'HTTP_FORBIDDEN');
}

/** A bucket of a million keys is not read to its end. */
const maxPages = 100;

/** The keys below a path, where the server is a bucket: of a host of its own, or the first element of the path. */
async function readBucket(network: Network, source: HttpSource): Promise<Listing | undefined> {
  const [first = '', ...rest] = source.url.pathname.slice(1).split('/');
  const places = [
    { path: '/', prefix: decodeURIComponent(source.url.pathname.slice(1)) },
    { path: `/${first}`, prefix: decodeURIComponent(rest.join('/')) },
  ];
  for (const { path, prefix } of places) {
    const files: string[] = [];
    const directories: string[] = [];
    let token: string | undefined;
    for (let pages = 0; pages < maxPages; pages++) {
      const page = await readPage(network, { source, path, prefix, token });
      if (!page) break;
      files.push(...page.files);
      directories.push(...page.directories);
      token = page.nextToken;
      if (token === undefined) return { files, directories };
    }
  }
  return undefined;
}

async function readPage(
  network: Network,
  {
    source,
    path,
    prefix,
    token,
  }: {
    readonly source: HttpSource;
    readonly path: string;
    readonly prefix: string;
    readonly token?: string;
  },
): Promise<BucketPage | undefined> {
  const url = new URL(path, source.url);
  url.username = source.url.username;
  url.password = source.url.password;
  url.searchParams.set('list-type', '2');
  url.searchParams.set('delimiter', '/');
  url.searchParams.set('prefix', prefix);
  if (token !== undefined) url.searchParams.set('continuation-token', token);
  try {
    const { text } = await readText(network, { kind: 'http', url, shown: source.shown });
    return parseBucketPage({ text, prefix });
  } catch (error) {
    if (isNoDirectory(error)) return undefined;
    throw error;
  }
}

async function readText(network: Network, source: HttpSource) {
  const { content, url } = await fetchSmallFile({ ...network, source, kind: index });
  return { text: content.toString('utf8'), url: url! };
}

/** What is at a path below a root. */
export function below(root: URL, path: string): URL {
  const base = new URL(root);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const url = new URL(path, base);
  // Relative URLs do not inherit credentials.
  url.username = base.username;
  url.password = base.password;
  return url;
}

/** A path of names as they are, for {@link below}. */
export function pathOf(...names: readonly string[]): string {
  return names.map(encodeURIComponent).join('/');
}
