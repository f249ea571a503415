import { type ChecksumEntry, digestIn } from './checksum-lines.ts';

/** In the order in which they are believed: what names a file, then where the file is. */
const nameKeys = ['name', 'filename', 'file', 'path', 'location', 'browser_download_url', 'url'];
const digestKeys = ['sha512', 'sha256', 'digest', 'sha512sum', 'sha256sum', 'checksum'];

/**
 * The entries of a JSON document: every object in it, at any depth, that holds a digest and a name or a location.
 * So are Fedora CoreOS's streams and GitHub's releases. Undefined where the text is not JSON.
 */
export function parseChecksumJson(text: string): readonly ChecksumEntry[] | undefined {
  const document = parseJson(text);
  if (document === undefined) return undefined;
  const entries: ChecksumEntry[] = [];
  // Without recursion: a document may be as deep as it is long.
  const pending: unknown[] = [document];
  while (pending.length > 0) {
    const value = pending.pop();
    if (typeof value !== 'object' || value === null) continue;
    if (!Array.isArray(value)) entries.push(...entriesOf(value as Readonly<Record<string, unknown>>));
    for (const child of Object.values(value)) pending.push(child);
  }
  return entries;
}

function parseJson(text: string): unknown {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function* entriesOf(object: Readonly<Record<string, unknown>>): Generator<ChecksumEntry> {
  const name = nameKeys.map((key) => object[key]).find((value) => typeof value === 'string');
  if (typeof name !== 'string') return;
  for (const key of digestKeys) {
    const value = object[key];
    const digest = typeof value === 'string' ? digestIn(value) : undefined;
    if (digest) yield { name: decodedPath(name), digest };
  }
}

/** A location's path, which ends in the file's name. */
function decodedPath(name: string): string {
  const url = URL.parse(name);
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return name;
  try {
    return decodeURIComponent(url.pathname);
  } catch {
    return url.pathname;
  }
}
