import type { WantedImage } from '@ec2-image/fetch';
import type { ImageSettings } from '../options/table.ts';
import { type ChecksumSettings, checksumOf } from './checksum.ts';
import { label, located, type Origin } from './origin.ts';
import type { Setting } from './s3-settings.ts';

/** What says which image: a URL, or how to find the newest. */
export const sourceKeys = ['url', 'fedora', 'debian', 'ubuntu', 'latest-url'] as const;

export type SourceKey = (typeof sourceKeys)[number];

export interface SourceSettings {
  readonly key: SourceKey;
  readonly value: string | readonly string[];
  /** The one of the layers of settings that has it. */
  readonly layer: number;
}

/** An image that has to be found. */
export interface Wanted {
  readonly key: Exclude<SourceKey, 'url'>;
  /** As messages and reports name it: `fedora 43`, or the pattern. */
  readonly shown: string;
  readonly image: WantedImage;
  /** Its checksum file, where that is given without a `*`, and which of its entries. */
  readonly checksumUrl?: string;
  readonly checksumEntry?: string;
}

/**
 * The source of the first layer that has one.
 *
 * @throws UsageError `SOURCE_TWICE`
 */
export function sourceSettings(
  layers: readonly ImageSettings[],
  isIn: (layer: ImageSettings, key: SourceKey) => boolean,
  origin: Origin,
): SourceSettings | undefined {
  const layer = layers.findIndex((one) => sourceKeys.some((key) => isIn(one, key)));
  if (layer < 0) return undefined;
  const [key, another] = sourceKeys.filter((one) => isIn(layers[layer]!, one));
  if (another !== undefined) {
    throw located('SOURCE_TWICE', `${label(origin)}${key} and ${another} are mutually exclusive`, origin, {
      hint: 'Specify only one.',
    });
  }
  return { key: key!, value: layers[layer]![key!]!, layer };
}

/** @throws UsageError `INDEX_URL_UNUSED` */
export function wantedOf(
  { key, value }: SourceSettings,
  {
    setting,
    checksums,
  }: {
    readonly setting: Setting;
    readonly checksums?: ChecksumSettings;
  },
  origin: Origin,
): Wanted {
  // Also where the checksum file is a pattern: two of them stay two.
  const checksum = checksums && checksumOf(checksums, origin);
  const given = checksum && 'url' in checksum ? checksum.url : undefined;
  const isPattern = key === 'latest-url' && given !== undefined && /^https?:[^?#]*[*[]/i.test(given);
  const checksumUrl = isPattern ? undefined : given;
  const checksumEntry = checksum && 'url' in checksum ? checksum.entry : undefined;
  const isChecksumKnown = checksum !== undefined && !('url' in checksum);
  if (key === 'latest-url') {
    const patterns = [value].flat();
    const unused = (['index-url', 'variant'] as const).find((one) => setting(one) !== undefined);
    if (unused !== undefined) {
      throw located(
        'INDEX_URL_UNUSED',
        `${label(origin)}${unused} cannot be combined with latest-url`,
        origin,
        {
          hint: 'The pattern says where to look, and for what.',
        },
      );
    }
    const image = { patterns, checksumUrl: given, isChecksumKnown };
    return { key, shown: patterns[0]!, image, checksumUrl, checksumEntry };
  }
  if (key === 'url') throw new TypeError('an image with a URL has to be found nowhere');
  const release = String(value);
  const image = {
    distribution: key,
    release,
    variant: setting('variant'),
    indexUrls: setting('index-url'),
  };
  return { key, shown: `${key} ${release}`, image, checksumUrl, checksumEntry };
}
