import { redactUrl } from '@ec2-image/redact';
import type { ImageSettings } from '../options/table.ts';
import type { Config } from './read-config.ts';
import { sourceKeys } from './wanted-image.ts';

/** More of them nobody reads. */
const maxLines = 20;

const imageKeys = [...sourceKeys, 'index-url', 'checksum-url', 'signature-url'] as const;

/** What a configuration would send requests to, a line for each key; values that depend on an unset variable say so. */
export function destinations(config: Config): string[] {
  const images = Object.entries(config.images ?? {}).flatMap(([name, image]) =>
    imageKeys.flatMap((key) => lineOf(`images.${name}.${key}`, () => image[key as keyof ImageSettings])),
  );
  const lines = [...lineOf('endpoint-url', () => config['endpoint-url']), ...images];
  const more = lines.length - maxLines;
  return more > 0 ? [...lines.slice(0, maxLines), `and ${more} more`] : lines;
}

function lineOf(key: string, read: () => unknown): string[] {
  try {
    const value = read();
    if (value === undefined) return [];
    return [
      `${key}: ${[value]
        .flat()
        .map((one) => redactUrl(String(one)))
        .join(', ')}`,
    ];
  } catch {
    return [`${key}: depends on a variable that is not set`];
  }
}
