import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printable, redactUrl } from '@ec2-image/redact';
import { FetchError } from './errors.ts';
import { tooManyOpenFiles } from './open-files.ts';

/** Where a file is, as the user gave it. `shown` is how messages name it: without credentials, query or control characters. */
export type Source = LocalSource | HttpSource;

export interface LocalSource {
  readonly kind: 'local';
  readonly path: string;
  readonly shown: string;
}

export interface HttpSource {
  readonly kind: 'http';
  readonly url: URL;
  readonly shown: string;
}

/**
 * An http(s) URL, an `s3://bucket/key` URL, a `file:` URL, or else a local path.
 *
 * @throws FetchError `BAD_URL`
 */
export function parseSource(text: string): Source {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(text.trim())?.[1]?.toLowerCase();
  if (scheme === 'http' || scheme === 'https') {
    const url = URL.parse(text.trim());
    if (!url) throw badUrl(text, 'is not a valid URL');
    return { kind: 'http', url, shown: redactUrl(url) };
  }
  if (scheme === 's3') return objectSource(text.trim());
  if (scheme === 'file') return localSource(pathOfFileUrl(text.trim()));
  if (scheme && /^[^/]+:\/\//.test(text.trim()))
    throw badUrl(text, `has a protocol other than http, https and s3`);
  if (text === '' || text.includes('\0')) throw badUrl(text, 'is neither a URL nor a path');
  return localSource(resolve(text));
}

/** @throws FetchError `BAD_URL` where there is none, or one that {@link parseSource} refuses */
export function parseSources(urls: string | readonly string[]): readonly Source[] {
  const sources = (typeof urls === 'string' ? [urls] : urls).map(parseSource);
  if (sources.length === 0) throw badUrl('', 'is missing');
  return sources;
}

/**
 * Whether an image is on servers alone.
 *
 * @throws FetchError `BAD_URL`
 */
export function isRemote(urls: string | readonly string[]): boolean {
  return parseSources(urls).every(({ kind }) => kind === 'http');
}

/** As the aws CLI reads it: the key is what it is, percent signs, question marks and all. */
function objectSource(text: string): HttpSource {
  const [, bucket, key] = /^s3:\/\/([A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9])\/(.+)$/is.exec(text) ?? [];
  const isPlain = key?.split('/').every((element) => element !== '.' && element !== '..');
  if (bucket === undefined || key === undefined || !isPlain)
    throw badUrl(text, 'is not of the form s3://bucket/key');
  const path = key.split('/').map(encodeURIComponent).join('/');
  return {
    kind: 'http',
    url: new URL(`s3://${bucket}/${path}`),
    shown: printable(`s3://${bucket}/${key}`, { maxLength: 400 }),
  };
}

function localSource(path: string): LocalSource {
  return { kind: 'local', path, shown: printable(path, { maxLength: 400 }) };
}

function pathOfFileUrl(text: string): string {
  try {
    return fileURLToPath(text);
  } catch (cause) {
    throw badUrl(text, 'is not a file URL of this machine', cause);
  }
}

/** @returns a FetchError `BAD_URL` */
export function badUrl(text: string, what: string, cause?: unknown): FetchError {
  const shown = printable(redactUrl(text), { maxLength: 120 });
  return new FetchError('BAD_URL', `the URL ${JSON.stringify(shown)} ${what}`, {
    hint: 'Use an http or https URL, or the path of a local file.',
    cause,
    facts: { url: shown },
  });
}

/** @returns a FetchError `LOCAL_FILE_UNREADABLE`, `TOO_MANY_OPEN_FILES` */
export function unreadable({
  source,
  cause,
}: {
  readonly source: LocalSource;
  readonly cause: Error;
}): FetchError {
  const { path, shown } = source;
  const lacksDescriptors = tooManyOpenFiles(cause, { purpose: `to read ${shown}`, facts: { path } });
  if (lacksDescriptors) return lacksDescriptors;
  const reason = (cause as NodeJS.ErrnoException).code;
  const what = reason === 'ENOENT' ? 'no such file' : printable(cause.message, { maxLength: 400 });
  return new FetchError('LOCAL_FILE_UNREADABLE', `cannot read ${shown}: ${what}`, {
    hint: 'Check that the path names a regular file that you can read.',
    cause,
    facts: { path, reason },
  });
}
