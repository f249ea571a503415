import type { Dispatcher } from 'undici';
import { fileNameOf } from './file-name.ts';
import { httpGet } from './http-get.ts';
import type { HttpSource, Source } from './source.ts';

/** The words that download pages put behind a file's name in a path: SourceForge, among others. */
const actions: ReadonlySet<string> = new Set(['download', 'raw', 'latest']);
const queryKeys = ['file', 'filename', 'name', 'path'];

/** How a source itself may name its file, the likeliest first: by its path, or by what stands behind a script's name. */
export function urlNames(source: Source): readonly string[] {
  if (source.kind === 'local') return [fileNameOf(source)];
  return namesIn(source.url, fileNameOf(source));
}

function namesIn(url: URL, ownName: string): readonly string[] {
  const names = [ownName];
  const elements = url.pathname.split('/').filter((element) => element !== '');
  if (actions.has(ownName) && elements.length > 1) names.push(decode(elements.at(-2)!));
  for (const key of queryKeys) {
    const value = url.searchParams.get(key);
    if (value) names.push(value.slice(value.lastIndexOf('/') + 1));
  }
  return [...new Set(names)].filter((name, index) => index === 0 || name !== '');
}

/**
 * How the server names the image: in the headers of its answer, then by where it redirects to. A server that does not
 * answer names nothing: the download will say why.
 */
export async function servedNames(
  images: readonly Source[],
  {
    dispatcher,
    stallTimeoutMs,
    signal,
  }: { readonly dispatcher: Dispatcher; readonly stallTimeoutMs: number; readonly signal?: AbortSignal },
): Promise<readonly string[]> {
  const image = images.find((source): source is HttpSource => source.kind === 'http');
  if (!image) return [];
  const deadline = AbortSignal.timeout(stallTimeoutMs);
  try {
    const response = await httpGet({
      url: image.url,
      dispatcher,
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      headersFor: () => ({ range: 'bytes=0-0' }),
    });
    response.body.discard();
    const disposition = dispositionName(response.headers['content-disposition']);
    const target = fileNameOf({ kind: 'http', url: response.url, shown: '' });
    const names = [...(disposition ? [disposition] : []), ...namesIn(response.url, target)];
    return names.filter((name) => name !== '');
  } catch {
    signal?.throwIfAborted();
    return [];
  }
}

/** Longer than any file name, and too short for a search to take long. */
const maxHeaderLength = 2048;

/** RFC 6266: `filename*` before `filename`; only the last part of a path. */
export function dispositionName(header: string | undefined): string | undefined {
  if (header === undefined || header.length > maxHeaderLength) return undefined;
  const extended = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(header)?.[1];
  const quoted = /;\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i.exec(header)?.[1]?.replace(/\\(.)/g, '$1');
  const token = /;\s*filename\s*=\s*([^;"\s]+)/i.exec(header)?.[1];
  const name = extended === undefined ? (quoted ?? token) : decode(extended);
  return name === undefined
    ? undefined
    : name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
