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

/** `<prefix><amiName>/<first 12 hex digits of the digest>.<format>`. */
export function objectKey({ prefix, amiName, digest, format }: ObjectKeyParts): string {
  return `${prefix}${amiName}/${shortDigest(digest)}.${format}`;
}

/** The parts of a key that has exactly our shape under the prefix; undefined for every other key. An AMI's name may hold slashes. */
export function parseObjectKey(
  key: string,
  { prefix }: { readonly prefix: string },
): { amiName: string; shortDigest: string; format: DiskFormat } | undefined {
  if (!key.startsWith(prefix)) return undefined;
  const match = /^([A-Za-z0-9()[\] ./\-'@_]{3,128})\/([0-9a-f]{12})\.(vhdx|vhd|vmdk|raw)$/.exec(
    key.slice(prefix.length),
  );
  if (!match?.[1]?.includes('-i')) return undefined;
  return { amiName: match[1], shortDigest: match[2]!, format: match[3] as DiskFormat };
}
