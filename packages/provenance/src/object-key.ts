import { type Digest, shortDigest } from './digest.ts';

/** What is uploaded, by file name extension. */
export type DiskFormat = 'vhdx' | 'vhd' | 'vmdk' | 'raw';

export const diskFormats: readonly DiskFormat[] = ['vhdx', 'vhd', 'vmdk', 'raw'];

export interface ObjectKeyParts {
  readonly prefix: string;
  readonly amiName: string;
  readonly digest: Digest;
  readonly format: DiskFormat;
}

/** A prefix as a whole path element: `ec2` is `ec2/`, which does not cover `ec2-legacy/…`. An empty one stays empty. */
export function keyPrefix(prefix: string): string {
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
}

/** `<prefix><amiName>/<first 12 hex digits of the digest>.<format>`, with the prefix as a {@link keyPrefix}. */
export function objectKey({ prefix, amiName, digest, format }: ObjectKeyParts): string {
  return `${keyPrefix(prefix)}${amiName}/${shortDigest(digest)}.${format}`;
}

/** The key under which versions up to 0.1.0 put the same object, where it is another: to them a prefix without a slash began the name. */
export function earlierObjectKey({ prefix, ...parts }: ObjectKeyParts): string | undefined {
  return keyPrefix(prefix) === prefix ? undefined : `${prefix}${objectKey({ ...parts, prefix: '' })}`;
}

/** The parts of a key that has exactly our shape under the {@link keyPrefix}; undefined for every other key. An AMI's name may hold slashes. */
export function parseObjectKey(
  key: string,
  { prefix: given }: { readonly prefix: string },
): { amiName: string; shortDigest: string; format: DiskFormat } | undefined {
  const prefix = keyPrefix(given);
  if (!key.startsWith(prefix)) return undefined;
  const match = /^([A-Za-z0-9()[\] ./\-'@_]{3,128})\/([0-9a-f]{12})\.(vhdx|vhd|vmdk|raw)$/.exec(
    key.slice(prefix.length),
  );
  if (!match) return undefined;
  return { amiName: match[1]!, shortDigest: match[2]!, format: match[3] as DiskFormat };
}

/**
 * Whether a key is one under which an import by hand puts its disk: `<name>-<suffix>.<format>` at the bucket's root. It
 * resembles one, and proves nothing.
 */
export function resemblesHandMadeKey(key: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._]*(-[A-Za-z0-9._]+)+\.(vhdx|vhd|vmdk|raw)$/.test(key);
}
