import { printable } from '@ec2-image/redact';
import { linkTargets } from './links.ts';

/** What a directory of a server holds: names alone, each one element of a path. */
export interface Listing {
  readonly files: readonly string[];
  readonly directories: readonly string[];
}

/** A bucket's own answer to a request for its keys, of which one page may be this. */
export interface BucketPage extends Listing {
  /** Where the next page begins. */
  readonly nextToken?: string;
}

/**
 * The names in a server's listing: an HTML page of links (Apache, nginx, Caddy, lighttpd and others), or JSON (nginx,
 * Caddy). Only links to what is directly in this directory of this server count: nothing leads up, elsewhere or deeper,
 * and names hold only what file names can.
 *
 * @param options.url of the listing, after redirects
 */
export function parseListing({ text, url }: { readonly text: string; readonly url: URL }): Listing {
  const directory = url.pathname.slice(0, url.pathname.lastIndexOf('/') + 1);
  return collect(jsonEntries(text) ?? linkTargets(text).map((target) => entryAt(target, { url, directory })));
}

/** An entry of a directory: its name, with a slash behind that of a directory. */
type Entry = string | undefined;

function entryAt(
  target: string,
  { url, directory }: { readonly url: URL; readonly directory: string },
): Entry {
  const parsed = URL.parse(target, url.href);
  if (parsed?.origin !== url.origin || parsed.search !== '' || !parsed.pathname.startsWith(directory))
    return undefined;
  return decoded(parsed.pathname.slice(directory.length));
}

/** nginx's `[{"name": …, "type": "directory"}]` and Caddy's `[{"name": "…/", "is_dir": true}]`. */
function jsonEntries(text: string): Entry[] | undefined {
  if (!text.trimStart().startsWith('[')) return undefined;
  try {
    const items = JSON.parse(text) as unknown[];
    return items.map((item) => {
      const { name, type, is_dir: isDirectory } = (item ?? {}) as Record<string, unknown>;
      if (typeof name !== 'string') return undefined;
      return (type === 'directory' || isDirectory === true) && !name.endsWith('/') ? `${name}/` : name;
    });
  } catch {
    return undefined;
  }
}

/**
 * The keys below a prefix, of a bucket that answers as S3 does; undefined where the text is no such answer.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export function parseBucketPage({
  text,
  prefix,
}: {
  readonly text: string;
  readonly prefix: string;
}): BucketPage | undefined {
  if (!/<ListBucketResult[\s>]/.test(text.slice(0, 2000))) return undefined;
  const below = (key: string): Entry => {
    const plain = unescapeXml(key);
    return plain.startsWith(prefix) ? plain.slice(prefix.length) : undefined;
  };
  const keys = Array.from(text.matchAll(/<Key>([^<]*)<\/Key>/g), ([, key]) => below(key!));
  const prefixes = Array.from(text.matchAll(/<CommonPrefixes><Prefix>([^<]*)</g), ([, key]) => below(key!));
  const isTruncated = text.includes('<IsTruncated>true<');
  const [, nextToken] = /<NextContinuationToken>([^<]*)</.exec(text) ?? [];
  return {
    ...collect([...keys, ...prefixes]),
    ...(isTruncated && nextToken !== undefined && { nextToken: unescapeXml(nextToken) }),
  };
}

function unescapeXml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}

function collect(entries: readonly Entry[]): Listing {
  const [files, directories] = [new Set<string>(), new Set<string>()];
  for (const entry of entries) {
    if (entry === undefined) continue;
    const isDirectory = entry.endsWith('/');
    const name = isDirectory ? entry.slice(0, -1) : entry;
    if (isName(name)) (isDirectory ? directories : files).add(name);
  }
  return { files: [...files], directories: [...directories] };
}

/** What file systems take. */
const maxNameLength = 255;

/** Whether it is one name, and shows as what it is: without control characters, or those that turn a line round. */
function isName(name: string): boolean {
  if (name === '' || name.length > maxNameLength || name.startsWith('.')) return false;
  return !/[/\\]/.test(name) && printable(name) === name && !name.includes('\ufffd');
}

function decoded(text: string): Entry {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
