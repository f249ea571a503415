import { FetchError } from '../errors.ts';
import { openDispatcher } from '../http-get.ts';
import type { RetryOptions } from '../mirrors.ts';
import { defaultStallTimeoutMs } from '../retry.ts';
import { badUrl } from '../source.ts';
import { findDebian } from './debian.ts';
import { findFedora } from './fedora.ts';
import type { Fits, FoundImage } from './found-image.ts';
import { findByPattern, hasPattern, parseUrlPattern } from './pattern.ts';
import type { Network } from './read-index.ts';
import type { Distribution, Release } from './release.ts';
import { findUbuntu } from './ubuntu.ts';

/** Which image is wanted: the newest of a release, or the newest that a pattern matches. */
export type WantedImage =
  | {
      readonly distribution: Distribution;
      readonly release: string;
      readonly variant?: string;
      /** Where the publisher's files are; several are mirrors. Default: the publisher's own server. */
      readonly indexUrls?: readonly string[];
    }
  | {
      /** URLs with `*` in their paths; several are mirrors of the same files. */
      readonly patterns: readonly string[];
      /** Of the checksum file, which may have `*` in its path too. Default: one beside the image. */
      readonly checksumUrl?: string;
      /** The digest is known: no checksum file is looked for. */
      readonly isChecksumKnown?: boolean;
    };

export interface FindImageOptions extends RetryOptions {
  readonly wanted: WantedImage;
  readonly architecture: Release['architecture'];
  /** Whether a file of this name can be of the architecture. */
  readonly fits: Fits;
  /** Whether indexes may come over plain http from another machine. Default: false. */
  readonly allowInsecure?: boolean;
}

/**
 * Looks for the newest image in the publisher's own index, or in a server's listing of a directory. What it finds are
 * names of that directory alone, whatever the listing says.
 *
 * @throws FetchError `BAD_URL`, `CHECKSUM_FILE_MISSING`, `INDEX_TOO_LARGE`, `INDEX_UNREADABLE`, `INSECURE_INDEX`,
 * `LATEST_AMBIGUOUS`, `NO_SUCH_RELEASE`, and what any fetch may throw; an abort throws the signal's reason
 */
export async function findImage(options: FindImageOptions): Promise<FoundImage> {
  const {
    wanted,
    architecture,
    fits,
    allowInsecure = false,
    stallTimeoutMs = defaultStallTimeoutMs,
    now = Date.now,
  } = options;
  const dispatcher = openDispatcher({ stallTimeoutMs, signS3: options.signS3 });
  const network: Network = { ...options, dispatcher, stallTimeoutMs, now, allowInsecure };
  try {
    if ('patterns' in wanted) return await findMatching(network, { wanted, fits });
    const { distribution, indexUrls, ...release } = wanted;
    const roots = indexUrls?.map(rootOf);
    return await finders[distribution](network, { ...release, architecture, fits, roots });
  } finally {
    await dispatcher.destroy();
  }
}

const finders = { fedora: findFedora, debian: findDebian, ubuntu: findUbuntu };

function findMatching(
  network: Network,
  { wanted, fits }: { readonly wanted: Extract<WantedImage, { patterns: unknown }>; readonly fits: Fits },
): Promise<FoundImage> {
  const patterns = wanted.patterns.map(parseUrlPattern);
  const [first, ...others] = patterns.map(({ globs }) => globs.map(({ text }) => text).join('/'));
  if (others.some((other) => other !== first)) {
    throw new FetchError('BAD_URL', 'the mirrors of one image do not end in the same pattern', {
      hint: 'From the first element with a * on, their paths have to be the same.',
    });
  }
  const { checksumUrl } = wanted;
  const checksum =
    checksumUrl !== undefined && hasPattern(checksumUrl) ? parseUrlPattern(checksumUrl) : undefined;
  const isChecksumKnown = wanted.isChecksumKnown ?? (checksumUrl !== undefined && !checksum);
  return findByPattern(network, { patterns, checksum, fits, isChecksumKnown });
}

function rootOf(text: string): URL {
  const url = URL.parse(text.trim());
  if (!url || !/^https?:$/.test(url.protocol) || url.search !== '')
    throw badUrl(text, 'is not an http or https URL');
  return url;
}
