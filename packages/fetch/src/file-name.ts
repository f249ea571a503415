import { type Digest, shortDigest } from '@ec2-image/provenance';
import { parseSource, type Source } from './source.ts';

/**
 * The image's own name, by which a checksum file lists it: the last part of the URL's path, percent-decoded, or of the local path.
 * Empty where the path has none. It may hold anything: it is compared, never used as a path.
 *
 * @throws FetchError `BAD_URL`
 */
export function imageFileName(url: string): string {
  return fileNameOf(parseSource(url));
}

/** The same of a source. */
export function fileNameOf(source: Source): string {
  const path = source.kind === 'local' ? source.path : decodePath(source.url.pathname);
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Room for the digest before it and `.partial.journal` behind it within the 255 bytes that filesystems take. */
const maxNameLength = 180;

/**
 * The name under which an image lies in the work directory: `<first 12 hex digits of its digest>-<its own name>`,
 * so that two images which their publishers both call `disk.qcow2` never meet. Whatever is not plainly a file name
 * character is replaced, and the end, which tells the format, is what is kept of a long name.
 */
export function storedFileName({
  fileName,
  digest,
}: {
  readonly fileName: string;
  readonly digest: Digest;
}): string {
  const safe = fileName.replace(/[^A-Za-z0-9._+=@~-]+/g, '_').slice(-maxNameLength);
  return `${shortDigest(digest)}-${safe || 'image'}`;
}

function decodePath(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}
