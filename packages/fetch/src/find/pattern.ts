import { redactUrl } from '@ec2-image/redact';
import { badUrl } from '../source.ts';
import { bestChecksumFile } from './checksum-file.ts';
import {
  type Fits,
  type FoundImage,
  imageIn,
  matching,
  newestFile,
  newestOf,
  noSuchRelease,
} from './found-image.ts';
import { type Glob, parseGlob } from './glob.ts';
import type { Listing } from './listing.ts';
import { absent, below, type Network, pathOf, readListing } from './read-index.ts';

/** A URL with `*` in its path. */
export interface UrlPattern {
  /** The directory before the first element with a `*`. */
  readonly root: URL;
  /** That element and those below it. */
  readonly globs: readonly Glob[];
  /** As it may be shown. */
  readonly shown: string;
}

export function hasPattern(text: string): boolean {
  return /^https?:\/\/[^/?#]*\/[^?#]*[*[]/i.test(text.trim());
}

/** @throws FetchError `BAD_URL` where it is not an http or https URL with a `*` in its path, and without a query */
export function parseUrlPattern(text: string): UrlPattern {
  const [, origin, path] = /^(https?:\/\/[^/?#]+\/)([^?#]*)$/i.exec(text.trim()) ?? [];
  const url = origin === undefined ? null : URL.parse(origin);
  if (!url || path === undefined) throw badUrl(text, 'is not an http or https URL without a query');
  try {
    const globs = path.split('/').map((element) => parseGlob(decodeURIComponent(element)));
    const first = globs.findIndex(({ isPattern }) => isPattern);
    if (first < 0) throw new SyntaxError('has no * in its path');
    const wrong = globs.slice(first).find(({ text: name }) => ['', '.', '..'].includes(name));
    if (wrong) throw new SyntaxError('has an element behind its * that names no file');
    const directories = globs.slice(0, first).map(({ text: name }) => `${encodeURIComponent(name)}/`);
    const root = below(url, directories.join(''));
    return { root, globs: globs.slice(first), shown: redactUrl(url) + path };
  } catch (cause) {
    throw badUrl(text, cause instanceof SyntaxError ? cause.message : 'is not a valid URL', cause);
  }
}

/** How many directories are read, because the newest ones hold no match (yet). */
const maxDirectories = 4;

interface Place {
  /** Of the directory, below the root. */
  readonly path: string;
  readonly name: string;
  readonly listing: Listing;
}

type Choose = (
  listing: Listing,
  options: { readonly glob: Glob; readonly shown: string },
) => string | undefined;

/**
 * The newest file that matches, and its checksum file. Of directories that match the newest counts; where it holds none
 * (yet), the one before it.
 *
 * @param options.patterns mirrors of one another
 * @param options.checksum pattern of the checksum file; undefined: it is in the image's directory
 * @param options.isChecksumKnown no checksum file is wanted
 */
export async function findByPattern(
  network: Network,
  {
    patterns,
    checksum,
    fits,
    isChecksumKnown = false,
  }: {
    readonly patterns: readonly UrlPattern[];
    readonly checksum?: UrlPattern;
    readonly fits: Fits;
    readonly isChecksumKnown?: boolean;
  },
): Promise<FoundImage> {
  const { path, name, listing } = await find(network, {
    patterns,
    choose: (files, { glob, shown }) => newestFile(files, { globs: [glob], fits, shown }),
  });
  const urls = patterns.map(({ root }) => below(root, path + pathOf(name)).href);
  if (isChecksumKnown) return { urls };
  if (checksum) {
    const found = await find(network, {
      patterns: [checksum],
      choose: ({ files }, { glob }) =>
        bestChecksumFile(
          name,
          files.filter((file) => glob.match(file) && fits(file)),
        ),
    });
    return { urls, checksumUrl: below(checksum.root, found.path + pathOf(found.name)).href };
  }
  return imageIn(listing, { image: name, path, roots: patterns.map(({ root }) => root), fits });
}

/** @throws FetchError `NO_SUCH_RELEASE` */
async function find(
  network: Network,
  { patterns, choose }: { readonly patterns: readonly UrlPattern[]; readonly choose: Choose },
): Promise<Place> {
  const { globs, shown } = patterns[0]!;
  const roots = patterns.map(({ root }) => root);
  const found = await descend(network, { roots, globs, path: '', choose });
  if (found) return found;
  throw noSuchRelease('file that matches', { where: shown, hint: 'Check the pattern, and --arch.' });
}

async function descend(
  network: Network,
  {
    roots,
    globs: [glob, ...others],
    path,
    choose,
  }: {
    readonly roots: readonly URL[];
    readonly globs: readonly Glob[];
    readonly path: string;
    readonly choose: Choose;
  },
): Promise<Place | undefined> {
  if (!glob) return undefined;
  const shown = redactUrl(below(roots[0]!, path));
  if (others.length === 0) {
    const listing = await readListing(network, { roots, path });
    const name = choose(listing, { glob, shown });
    return name === undefined ? undefined : { path, name, listing };
  }
  const into = (name: string) =>
    descend(network, { roots, globs: others, path: `${path}${pathOf(name)}/`, choose });
  if (!glob.isPattern) return into(glob.text);
  const { directories } = await readListing(network, { roots, path });
  let candidates = matching(directories, glob);
  for (let read = 0; read < maxDirectories; read++) {
    const newest = newestOf(candidates, { glob, shown });
    if (newest === undefined) return undefined;
    const found = await into(newest).catch(absent);
    if (found) return found;
    candidates = candidates.filter(({ name }) => name !== newest);
  }
  return undefined;
}
