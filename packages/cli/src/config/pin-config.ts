import { dirname, resolve } from 'node:path';
import { redactUrl } from '@ec2-image/redact';
import { Document, isMap, isScalar, parseDocument, Scalar, visit, type YAMLMap } from 'yaml';
import { isAtTop, isOfImage } from '../options/option.ts';
import { optionTable } from '../options/table.ts';
import type { ImageResult } from '../outcome.ts';
import type { RequestedImport } from './import-request.ts';
import { escapeReferences } from './interpolate.ts';
import { layoutOf } from './yaml-layout.ts';

/** An image and what became of it. */
export interface Finished {
  readonly request: RequestedImport;
  readonly result: ImageResult;
}

/**
 * The configuration that reproduces these images and pins them: the file as it is, comments, variables, other images
 * and all, with what the command line said differently, each image's digest in place of the URL it was read from, its
 * region, and the AMIs by region. Empty where nothing was made.
 *
 * @param options.keepSecrets for the file itself: what it has of credentials and query strings in URLs is left there
 */
export function renderPinYaml(
  finished: readonly Finished[],
  { keepSecrets = false }: { readonly keepSecrets?: boolean } = {},
): string {
  if (!finished.some(isMade)) return '';
  const { file } = finished[0]!.request.given;
  const document = file ? parseDocument(file.source) : new Document({});
  const layout = layoutOf(document, file?.source ?? '');
  if (!isMap(document.get('images'))) document.set('images', document.createNode({}));
  for (const { request } of finished) {
    if (!request.given.isOfFile) document.setIn(['images', request.name], document.createNode({}));
  }
  placeFlags(document, finished);
  placeRegions(document, finished);
  for (const one of finished) if (isMade(one)) pin(document, one);
  if (!keepSecrets) withoutSecrets(document);
  return layout.print(document);
}

/** A pattern's place is taken by what it led to. */
function urlOf(checksum: RequestedImport['checksum']): string | undefined {
  return checksum && 'url' in checksum ? checksum.url : undefined;
}

function isMade({ result }: Finished): boolean {
  return result.imageId !== null && result.amiName !== null && result.source.digest !== null;
}

/** What the command line and the environment said: once at the top where it holds for every image of the file. */
function placeFlags(document: Document, finished: readonly Finished[]): void {
  const isWhole = finished.length > 1 && imagesOf(document).length === finished.length;
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
      if (atTop) setAtTop(document, key, written);
      const path = ['images', request.name, key];
      if (entry.alternatives !== undefined) deleteAlternatives(document, request.name, entry.alternatives);
      if (!atTop || document.hasIn(path)) document.setIn(path, document.createNode(written));
    }
  }
}

function deleteAlternatives(document: Document, name: string, alternatives: string): void {
  for (const [key, entry] of Object.entries(optionTable)) {
    if (entry.alternatives === alternatives) document.deleteIn(['images', name, key]);
  }
}

/** An AMI's id means nothing without its region, which may have come from a profile. */
function placeRegions(document: Document, finished: readonly Finished[]): void {
  if (document.has('region')) return;
  const without = finished.filter(({ request }) => !document.hasIn(['images', request.name, 'region']));
  const regions = new Set(without.map(({ result }) => result.region));
  if (without.length === imagesOf(document).length && regions.size === 1) {
    setAtTop(document, 'region', [...regions][0]!);
    return;
  }
  for (const { request, result } of without)
    document.setIn(['images', request.name, 'region'], result.region);
}

function pin(document: Document, { request, result }: Finished): void {
  const [algorithm, hex] = result.source.digest!.split(':') as [string, string];
  const image = document.getIn(['images', request.name]);
  if (!isMap(image)) return;
  if (request.wanted && request.urls)
    pinFound(document, image, { ...request, urls: request.urls, algorithm, hex });
  const published = image.items.find((pair) => keyOf(pair) === 'checksum-url');
  if (published && isScalar(published.value)) {
    // In its place, and with the comments that are there.
    if (isScalar(published.key)) published.key.value = algorithm;
    else published.key = new Scalar(algorithm);
    const digest = new Scalar(hex);
    digest.comment =
      published.value.comment ??
      ` from ${withoutUrlSecrets(urlOf(request.checksum) ?? String(published.value.value))}`;
    digest.commentBefore = published.value.commentBefore;
    published.value = digest;
    document.deleteIn(['images', request.name, 'checksum-entry']);
    // Beside a digest it would be taken for the signature of the image.
    if (request.trust?.signs === 'checksum') document.deleteIn(['images', request.name, 'signature-url']);
  }
  document.setIn(['images', request.name, 'amis', result.region], result.imageId);
}

/** The file that was found, in place of how to find it, and its digest where no key of a checksum stands already. */
function pinFound(
  document: Document,
  image: YAMLMap,
  {
    wanted,
    urls,
    checksum,
    algorithm,
    hex,
  }: RequestedImport & { readonly urls: readonly string[]; readonly algorithm: string; readonly hex: string },
): void {
  const at = image.items.findIndex((pair) => keyOf(pair) === wanted!.key);
  const source = image.items[at];
  if (!source) return;
  const url = document.createNode(urls.length === 1 ? urls[0] : urls);
  const before = isScalar(source.value) ? source.value.comment : undefined;
  if (isScalar(url))
    url.comment = before ?? ` ${wanted!.key}: ${wanted!.shown.slice(wanted!.shown.indexOf(' ') + 1)}`;
  if (isScalar(source.key)) source.key.value = 'url';
  else source.key = new Scalar('url');
  source.value = url;
  for (const key of ['variant', 'index-url']) image.delete(key);
  if (image.items.some((pair) => ['checksum-url', 'sha256', 'sha512'].includes(keyOf(pair)))) return;
  const digest = new Scalar(hex);
  if (checksum && 'url' in checksum) digest.comment = ` from ${withoutUrlSecrets(checksum.url)}`;
  image.items.splice(at + 1, 0, document.createPair(algorithm, digest) as (typeof image.items)[number]);
}

/** Before the images, which are long. */
function setAtTop(document: Document, key: string, value: unknown): void {
  if (document.has(key) || !isMap(document.contents)) {
    document.set(key, document.createNode(value));
    return;
  }
  const { items } = document.contents;
  const at = items.findIndex((pair) => keyOf(pair) === 'images');
  const pair = document.createPair(key, value);
  items.splice(at < 0 ? items.length : at, 0, pair as (typeof items)[number]);
}

function keyOf({ key }: { readonly key: unknown }): string {
  return String(isScalar(key) ? key.value : key);
}

function imagesOf(document: Document): string[] {
  const images = document.get('images');
  return isMap(images) ? images.items.map(keyOf) : [];
}

function escaped(value: unknown): unknown {
  if (typeof value === 'string') return escapeReferences(value);
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, escaped(item)]));
}

/** Comments hold URLs, too. */
function withoutSecrets(document: Document): void {
  const redacted = (text: string | null | undefined) => (text ? withoutUrlSecrets(text) : text);
  document.commentBefore = redacted(document.commentBefore) ?? null;
  document.comment = redacted(document.comment) ?? null;
  visit(document, {
    Node: (_key, node) => {
      node.comment = redacted(node.comment);
      node.commentBefore = redacted(node.commentBefore);
      if (isScalar(node) && typeof node.value === 'string') node.value = withoutUrlSecrets(node.value);
    },
  });
}

/** Only what has credentials, a query or a fragment is touched, and variables are kept as they are written. */
function withoutUrlSecrets(text: string): string {
  return text.replace(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+/gi, (url) => {
    if (!/[?#@]/.test(url)) return url;
    const variables: string[] = [];
    const plain = url.replace(/\$\{[^}]*\}/g, (variable) => `variable${variables.push(variable) - 1}x`);
    return redactUrl(plain).replace(/variable(\d+)x/g, (_, index) => variables[Number(index)] ?? '');
  });
}
