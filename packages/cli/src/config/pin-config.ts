import { dirname, resolve } from 'node:path';
import { isAtTop, isOfImage } from '../options/option.ts';
import { optionTable } from '../options/table.ts';
import { hasUsableAmi, type ImageResult } from '../outcome.ts';
import type { RequestedImport } from './import-request.ts';
import { escapeReferences } from './interpolate.ts';
import { withoutSecrets, withoutUrlSecrets } from './yaml-secrets.ts';
import { YamlText } from './yaml-text.ts';

/** An image and what became of it. */
export interface Finished {
  readonly request: RequestedImport;
  readonly result: ImageResult;
}

/**
 * The configuration that reproduces these images and pins them: the file as it is, byte for byte, with what the command line said differently, each image's digest in place of the URL it was read from, its
 * region, and the AMIs by region. Empty where nothing was made.
 *
 * @param options.keepSecrets for the file itself: what it has of credentials and query strings in URLs is left there
 */
export function renderPinYaml(
  finished: readonly Finished[],
  { keepSecrets = false }: { readonly keepSecrets?: boolean } = {},
): string {
  if (!finished.some(isMade)) return '';
  const text = new YamlText(finished[0]!.request.given.file?.source ?? '');
  placeFlags(text, finished);
  placeRegions(text, finished);
  for (const one of finished) if (isMade(one)) pin(text, one);
  return keepSecrets ? text.toString() : withoutSecrets(text.toString());
}

/** A pattern's place is taken by what it led to. */
function urlOf(checksum: RequestedImport['checksum']): string | undefined {
  return checksum && 'url' in checksum ? checksum.url : undefined;
}

function isMade({ result }: Finished): boolean {
  return hasUsableAmi(result) && result.amiName !== null && result.source.digest !== null;
}

/** What the command line and the environment said: once at the top where it holds for every image of the file. */
function placeFlags(text: YamlText, finished: readonly Finished[]): void {
  const isWhole = finished.length > 1 && text.keys(['images']).length === finished.length;
  for (const { request } of finished) {
    const { flags, file, isOfFile } = request.given;
    const fileIsHere = file === undefined || dirname(resolve(file.path)) === process.cwd();
    for (const [key, value] of Object.entries(flags)) {
      const entry = optionTable[key];
      if (!entry || value === undefined || !isOfImage(entry) || entry.pinned === false) continue;
      // A path on the command line is relative to where it was typed, and one in the file to the file.
      const located = fileIsHere ? undefined : entry.kind.locate?.(value, process.cwd());
      const placed = located && 'value' in located ? located.value : value;
      const written = escaped(entry.kind.write?.(placed) ?? placed);
      const atTop = isWhole && isOfFile && isAtTop(entry);
      if (atTop) setAtTop(text, key, written);
      const path = ['images', request.name, key];
      if (entry.alternatives !== undefined) deleteAlternatives(text, path, entry.alternatives);
      if (!atTop || text.has(path)) text.set(path, written);
    }
  }
}

/** Keys of the image that say the same as the last of the path. */
function deleteAlternatives(text: YamlText, path: readonly string[], alternatives: string): void {
  for (const [key, entry] of Object.entries(optionTable)) {
    if (entry.alternatives === alternatives && key !== path.at(-1)) text.delete([...path.slice(0, -1), key]);
  }
}

/** An AMI's id means nothing without its region, which may have come from a profile. */
function placeRegions(text: YamlText, finished: readonly Finished[]): void {
  if (text.has(['region'])) return;
  const without = finished.filter(({ request }) => !text.has(['images', request.name, 'region']));
  const regions = new Set(without.map(({ result }) => result.region));
  const images = new Set([...text.keys(['images']), ...finished.map(({ request }) => request.name)]);
  if (without.length === images.size && regions.size === 1) {
    setAtTop(text, 'region', [...regions][0]!);
    return;
  }
  for (const { request, result } of without) text.set(['images', request.name, 'region'], result.region);
}

function pin(text: YamlText, { request, result }: Finished): void {
  const [algorithm, hex] = result.source.digest!.split(':') as [string, string];
  const image = ['images', request.name];
  const isPublished = text.has([...image, 'checksum-url']);
  if (request.wanted && request.urls) pinFound(text, { ...request, urls: request.urls, algorithm, hex });
  if (isPublished) {
    const published = [...image, 'checksum-url'];
    const url = urlOf(request.checksum) ?? String(text.value(published));
    text.replace(published, { key: algorithm, value: hex, comment: `from ${withoutUrlSecrets(url)}` });
    text.delete([...image, 'checksum-entry']);
    // Beside a digest it would be taken for the signature of the image.
    if (request.trust?.signs === 'checksum') text.delete([...image, 'signature-url']);
  }
  text.set([...image, 'amis', result.region], result.imageId);
}

/** The file that was found, in place of how to find it, and its digest where no key of a checksum stands already. */
function pinFound(
  text: YamlText,
  {
    name,
    wanted,
    urls,
    checksum,
    algorithm,
    hex,
  }: RequestedImport & { readonly urls: readonly string[]; readonly algorithm: string; readonly hex: string },
): void {
  const image = ['images', name];
  if (!text.has([...image, wanted!.key])) return;
  text.replace([...image, wanted!.key], {
    key: 'url',
    value: urls.length === 1 ? urls[0] : urls,
    comment: `${wanted!.key}: ${wanted!.shown.slice(wanted!.shown.indexOf(' ') + 1)}`,
  });
  for (const key of ['variant', 'index-url']) text.delete([...image, key]);
  if (['checksum-url', 'sha256', 'sha512'].some((key) => text.has([...image, key]))) return;
  text.insertAfter([...image, 'url'], {
    key: algorithm,
    value: hex,
    ...(checksum && 'url' in checksum && { comment: `from ${withoutUrlSecrets(checksum.url)}` }),
  });
}

/** Before the images, which are long. */
function setAtTop(text: YamlText, key: string, value: unknown): void {
  if (text.has([key])) text.set([key], value);
  else text.insertBefore('images', { key, value });
}

function escaped(value: unknown): unknown {
  if (typeof value === 'string') return escapeReferences(value);
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, escaped(item)]));
}
