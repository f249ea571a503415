import { redactUrl } from '@ec2-image/redact';
import { stringify } from 'yaml';
import { defaultKeyPrefix, type ImportRequest } from '../config/import-request.ts';
import type { ImageResult } from '../outcome.ts';

/** An image and what became of it. */
export interface Finished {
  readonly request: ImportRequest;
  readonly result: ImageResult;
}

/** Settings that say the same for all images go to the top of the file; what differs stays with its image. */
const liftable = ['region', 'bucket', 'bucket-owner', 'suffix', 'format', 'key-prefix', 'via'] as const;

/**
 * The configuration that reproduces these images and pins them: the digest instead of the place it was read from,
 * the suffix that was used, and the AMIs by region. Empty where nothing was made.
 */
export function renderPinYaml(finished: readonly Finished[]): string {
  const made = finished.filter(
    ({ result }) => result.imageId !== null && result.amiName !== null && result.source.digest !== null,
  );
  if (made.length === 0) return '';
  const entries = made.map((one) => [one.request.name, imageEntry(one)] as const);
  const top: Record<string, unknown> = {};
  for (const key of liftable) {
    const values = new Set(entries.map(([, entry]) => entry[key]));
    if (values.size !== 1 || values.has(undefined)) continue;
    top[key] = [...values][0];
    for (const [, entry] of entries) delete entry[key];
  }
  return stringify({ ...top, images: Object.fromEntries(entries) }, { lineWidth: 0 });
}

function imageEntry({ request, result }: Finished): Record<string, unknown> {
  const [algorithm, hex] = result.source.digest!.split(':') as [string, string];
  const urls = request.urls.map((url) => redactUrl(url));
  return Object.fromEntries(
    Object.entries({
      region: result.region,
      bucket: request.bucket,
      'bucket-owner': request.bucketOwner,
      suffix: result.amiName!.slice(`${request.name}-i`.length),
      format: request.format,
      'key-prefix': request.keyPrefix === defaultKeyPrefix ? undefined : request.keyPrefix,
      via: request.via === 's3' ? undefined : request.via,
      url: urls.length === 1 ? urls[0] : urls,
      [algorithm]: hex,
      arch: request.architecture,
      'boot-mode': request.bootMode,
      tag: Object.keys(request.tags).length > 0 ? request.tags : undefined,
      amis: { ...request.amis, [result.region]: result.imageId },
    }).filter(([, value]) => value !== undefined),
  );
}
