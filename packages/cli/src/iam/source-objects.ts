import type { ImageSettings } from '../options/table.ts';

/** An object that is read as an image, its checksum file or a signature. */
export interface SourceObject {
  readonly bucket: string;
  readonly key: string;
}

const keys = ['url', 'checksum-url', 'signature-url'] as const;

/** The objects that these images come from. What depends on a variable that is not set here is left out. */
export function sourceObjects(images: readonly ImageSettings[]): SourceObject[] {
  return images.flatMap((image) => keys.flatMap((key) => urlsOf(image, key))).flatMap(parseObject);
}

function urlsOf(image: ImageSettings, key: (typeof keys)[number]): readonly string[] {
  try {
    return [image[key] ?? []].flat();
  } catch {
    return [];
  }
}

function parseObject(url: string): SourceObject[] {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/is.exec(url.trim()) ?? [];
  return bucket === undefined || key === undefined ? [] : [{ bucket, key }];
}
