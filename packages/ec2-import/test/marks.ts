import { type DiskFormat, digestOf, provenanceTags } from '@ec2-image/provenance';

export const digest = digestOf('sha256', 'a1'.repeat(32));
export const otherDigest = digestOf('sha512', 'b2'.repeat(64));

export function ourTags({ of = digest, diskFormat = 'vhdx' as DiskFormat } = {}): Record<string, string> {
  const sourceUrl = 'https://example.org/image.qcow2';
  return { ...provenanceTags({ sourceUrl, digest: of, diskFormat, version: '1.0.0' }), Name: 'image-i1' };
}

export const bucket = 'a-bucket';
export const key = 'ec2-image/image-i1/a1a1a1a1a1a1.vhdx';
export const otherKey = 'ec2-image/image-i1/b2b2b2b2b2b2.vhdx';
