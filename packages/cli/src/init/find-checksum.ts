import { isExplained } from '@ec2-image/explained-error';
import { findImage, readChecksum } from '@ec2-image/fetch';

/** What publishers name the file beside an image, where the server lists no directory. */
const names = (image: string) => [
  `${image}.sha256`,
  `${image}.sha512`,
  `${image}.sha256sum`,
  'SHA256SUMS',
  'SHA512SUMS',
  'CHECKSUM',
];

/**
 * The URL of a checksum file beside the image that has an entry for it: first what the server lists, then the usual names.
 * Only one that an import accepts without further options: over plain http, none of another machine.
 *
 * @returns why there is none: the first failure that says more than that a name is not there
 */
export async function findChecksumFile(
  url: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<{ readonly url: string } | { readonly why: string }> {
  const none = 'no checksum file was found beside the image';
  const [, directory, image, query = ''] =
    /^(https?:\/\/[^?#]*\/)([^/?#]+)(\?[^#]*)?(?:#.*)?$/i.exec(url) ?? [];
  if (directory === undefined || image === undefined) return { why: none };
  const listed = await listedBeside({ directory, image, signal });
  const candidates = [
    ...(listed === undefined ? [] : [listed]),
    ...names(image).map((name) => directory + name),
    // A query may be what allows to read the directory's files.
    ...(query === '' ? [] : names(image).map((name) => directory + name + query)),
  ];
  let why: string | undefined;
  for (const candidate of candidates) {
    const failure = await readChecksum({
      url: candidate,
      imageUrl: url,
      maxAttempts: 1,
      signal,
    }).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    signal.throwIfAborted();
    if (!failure) return { url: candidate };
    const { error } = failure;
    if (isExplained(error) && error.code !== 'HTTP_NOT_FOUND') why ??= error.message;
  }
  return { why: why === undefined ? none : `${none}: ${why}` };
}

async function listedBeside({
  directory,
  image,
  signal,
}: {
  readonly directory: string;
  readonly image: string;
  readonly signal: AbortSignal;
}): Promise<string | undefined> {
  // A pattern that this name alone matches.
  const pattern = `${directory}${image.replace(/^./, '[$&]')}`;
  const found = await findImage({
    wanted: { patterns: [pattern] },
    architecture: 'x86_64',
    fits: () => true,
    maxAttempts: 1,
    signal,
  }).catch(() => undefined);
  return found?.checksumUrl;
}
