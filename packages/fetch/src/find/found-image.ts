import { printable, redactUrl } from '@ec2-image/redact';
import { FetchError } from '../errors.ts';
import { checksumFileFor, isSideFile } from './checksum-file.ts';
import { type Glob, parseGlob } from './glob.ts';
import type { Listing } from './listing.ts';
import { type Candidate, chooseNewest, isPreRelease } from './newest.ts';
import { below, pathOf } from './read-index.ts';

/** The newest image, and where its digest is published. Both are exact: the same tomorrow. */
export interface FoundImage {
  /** Mirrors of the same file, in order of preference. */
  readonly urls: readonly string[];
  readonly checksumUrl?: string;
  /** Of the checksum file, where the publisher has one beside it. */
  readonly signatureUrl?: string;
}

/** Whether a file of this name can be of the architecture that is wanted. */
export type Fits = (fileName: string) => boolean;

/**
 * The newest file of a directory that one of the patterns matches; of the patterns, the first that matches any.
 *
 * @returns undefined where none does
 * @throws FetchError `LATEST_AMBIGUOUS`
 */
export function newestFile(
  listing: Listing,
  { globs, fits, shown }: { readonly globs: readonly Glob[]; readonly fits: Fits; readonly shown: string },
): string | undefined {
  for (const glob of globs) {
    const files = listing.files.filter((name) => !isSideFile(name) && fits(name));
    const newest = newestOf(matching(files, glob), { glob, shown });
    if (newest !== undefined) return newest;
  }
  return undefined;
}

export function matching(names: readonly string[], glob: Glob): Candidate[] {
  return names.flatMap((name) => {
    const captures = glob.match(name);
    return captures ? [{ name, captures }] : [];
  });
}

/** @throws FetchError `LATEST_AMBIGUOUS` */
export function newestOf(
  candidates: readonly Candidate[],
  { glob, shown }: { readonly glob: Glob; readonly shown: string },
): string | undefined {
  const choice = chooseNewest(candidates, { preReleases: isPreRelease(glob.text) });
  if (!choice) return undefined;
  if ('newest' in choice) return choice.newest;
  const names = choice.ambiguous.slice(0, 5).map((name) => printable(name, { maxLength: 120 }));
  throw new FetchError(
    'LATEST_AMBIGUOUS',
    `${shown}: ${names.join(', ')}${choice.ambiguous.length > names.length ? ' and more' : ''} match, and their names do not tell which is the newest`,
    { hint: 'Narrow the pattern, or give --arch or --variant.', facts: { url: shown, names } },
  );
}

/** Globs of names in which nothing else is a pattern. */
export function globOf(...parts: readonly (string | typeof any)[]): Glob {
  return parseGlob(parts.map((part) => (part === any ? '*' : part.replace(/[*[]/g, '[$&]'))).join(''));
}

/** What a version stands for in {@link globOf}. */
export const any = Symbol('any');

/** @returns a FetchError `NO_SUCH_RELEASE` */
export function noSuchRelease(
  what: string,
  {
    where,
    hint = 'Check the release, --variant and --arch.',
  }: { readonly where: string; readonly hint?: string },
): FetchError {
  return new FetchError('NO_SUCH_RELEASE', `there is no ${printable(what, { maxLength: 300 })} in ${where}`, {
    hint,
    facts: { url: where },
  });
}

/**
 * An image of a directory, on each of the mirrors, with the checksum file beside it.
 *
 * @param options.path of the directory, below every root
 * @throws FetchError `CHECKSUM_FILE_MISSING`
 */
export function imageIn(
  listing: Listing,
  {
    image,
    path,
    roots,
    mirrors = roots,
    fits,
  }: {
    readonly image: string;
    readonly path: string;
    /** The first of them has the checksum file. */
    readonly roots: readonly URL[];
    /** Of the image; default: the roots. */
    readonly mirrors?: readonly URL[];
    readonly fits: Fits;
  },
): FoundImage {
  const [root] = roots as readonly [URL];
  const checksum = requireChecksumFile(listing, { image, fits, shown: redactUrl(below(root, path)) });
  return {
    urls: mirrors.map((mirror) => below(mirror, path + pathOf(image)).href),
    checksumUrl: below(root, path + pathOf(checksum)).href,
  };
}

/**
 * The name of the checksum file beside an image.
 *
 * @throws FetchError `CHECKSUM_FILE_MISSING`
 */
function requireChecksumFile(
  listing: Listing,
  { image, fits, shown }: { readonly image: string; readonly fits: Fits; readonly shown: string },
): string {
  const found = checksumFileFor(image, listing.files.filter(fits));
  if (found !== undefined) return found;
  throw new FetchError('CHECKSUM_FILE_MISSING', `${shown} has no checksum file for ${image}`, {
    hint: 'Name it with --checksum-url, in which a * stands for any characters.',
    facts: { url: shown, image },
  });
}
