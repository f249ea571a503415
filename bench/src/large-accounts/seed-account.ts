import { seedEc2, seedS3 } from '@ec2-image/local-aws';
import {
  copyOfKey,
  type Digest,
  metadataOf,
  objectKey,
  provenanceKeys,
  provenanceTags,
} from '@ec2-image/provenance';
import { homeRegion } from './regions.ts';

/** A publisher of many images: of each a current AMI and the one before, in each region. */
export interface AccountSize {
  readonly images: number;
  readonly regions: readonly string[];
  /** In each region, those of the AMIs and the leftovers included; the others are backups of somebody else's. */
  readonly snapshots: number;
  /** In the bucket of each region, the leftovers included; the others are unrelated to ec2-image. */
  readonly objects: number;
}

/** What the janitor finds in each region among everything else; a failed AMI has no snapshot. */
export const leftovers = { snapshots: 2, images: 1, objects: 1 };

/** The AMIs of an image, the older first: their suffix, and how old they are. */
export const versions = [
  { suffix: '1', days: 400 },
  { suffix: '2', days: 40 },
] as const;

export const imageName = (number: number) => `image-${number}`;
export const bucketIn = (region: string) => `bench-${region}`;
export const sourceUrl = (number: number) => `https://example.org/images/${imageName(number)}.qcow2`;

/** @param suffix of a version */
export function digestOf(number: number, suffix: string): Digest {
  return `sha256:${`${suffix}${number.toString(16).padStart(7, '0')}`.padEnd(64, 'c')}`;
}

/** Fills an account of the emulator in this directory, without a call. */
export function seedAccount({ directory, size }: { readonly directory: string; readonly size: AccountSize }) {
  for (const [index, region] of size.regions.entries()) {
    seedRegion({ directory, region, index, size });
    seedBucket({ directory, region, size });
  }
}

const createdAt = (days: number) => Date.now() - days * 86_400_000;

function tagsOf(number: number, { suffix, days }: (typeof versions)[number]): Record<string, string> {
  return {
    Name: `${imageName(number)}-i${suffix}`,
    automation: 'false',
    ...provenanceTags({
      sourceUrl: sourceUrl(number),
      digest: digestOf(number, suffix),
      diskFormat: 'raw',
      name: imageName(number),
      version: '0.1.0',
      proof: 'full',
      bootMode: 'uefi-preferred',
      startedAt: new Date(createdAt(days)),
    }),
  };
}

/** As imports by way of EBS direct leave them in one region, and copies in the others. */
function seedRegion({
  directory,
  region,
  index,
  size,
}: {
  readonly directory: string;
  readonly region: string;
  /** Of the region. */
  readonly index: number;
  readonly size: AccountSize;
}): void {
  const amis = Array.from({ length: size.images }, (_, number) => number).flatMap((number) =>
    versions.map((version, order) => ({ number, version, order: number * versions.length + order })),
  );
  const id = (type: string, order: number, of = index) =>
    `${type}-${(of * 1_000_000 + order).toString(16).padStart(17, '0')}`;
  const others = size.snapshots - amis.length - leftovers.snapshots;
  const isHome = region === homeRegion;
  const copyTags = (order: number): Record<string, string> =>
    isHome ? {} : { [copyOfKey]: `${id('ami', order, 0)} ${region}` };
  seedEc2({
    directory,
    region,
    snapshots: [
      ...amis.map(({ number, version, order }) => ({
        id: id('snap', order),
        createdAt: createdAt(version.days),
        description: isHome
          ? `ec2-image ${digestOf(number, version.suffix)}`
          : `Copied for DestinationAmi ${id('ami', order)} from SourceAmi ${id('ami', order, 0)} for SourceSnapshot ${id('snap', order, 0)}. Task created on 1/1/2026.`,
        tags: { ...tagsOf(number, version), ...copyTags(order) },
      })),
      ...Array.from({ length: leftovers.snapshots }, (_, number) => ({
        id: id('snap', 500_000 + number),
        createdAt: createdAt(40),
        description: `ec2-image ${digestOf(number, '3')}`,
        tags: { ...tagsOf(number, versions[1]), [provenanceKeys.sourceDigest]: digestOf(number, '3') },
      })),
      ...Array.from({ length: others }, (_, number) => ({
        id: id('snap', 600_000 + number),
        createdAt: createdAt(number % 365),
        description: `backup ${number}`,
        tags: backupTags(number),
      })),
    ],
    images: [
      ...amis.map(({ number, version, order }) => ({
        id: id('ami', order),
        name: `${imageName(number)}-i${version.suffix}`,
        createdAt: createdAt(version.days),
        snapshotIds: [id('snap', order)],
        tags: { ...tagsOf(number, version), ...copyTags(order) },
        ...(!isHome && { sourceImageId: id('ami', order, 0), sourceImageRegion: homeRegion }),
      })),
      ...Array.from({ length: leftovers.images }, (_, number) => ({
        id: id('ami', 500_000 + number),
        name: `${imageName(number)}-i0`,
        createdAt: createdAt(40),
        snapshotIds: [],
        state: 'failed' as const,
        tags: tagsOf(number, versions[1]),
      })),
    ],
  });
}

function backupTags(number: number): Record<string, string> {
  return {
    Name: `server-${number}`,
    team: `team-${number % 50}`,
    'cost-center': `${number % 500}`,
    'aws:backup:source-resource': `arn:aws:ec2:us-east-1:123456789012:volume/vol-${number}`,
  };
}

function seedBucket({
  directory,
  region,
  size,
}: {
  readonly directory: string;
  readonly region: string;
  readonly size: AccountSize;
}): void {
  seedS3({
    directory,
    region,
    bucket: bucketIn(region),
    objects: [
      ...Array.from({ length: leftovers.objects }, (_, number) => ({
        key: objectKey({
          prefix: 'ec2-image/',
          amiName: `${imageName(number)}-i3`,
          digest: digestOf(number, '3'),
          format: 'vhdx',
        }),
        modifiedAt: createdAt(40),
        metadata: metadataOf({
          ...tagsOf(number, versions[1]),
          [provenanceKeys.sourceDigest]: digestOf(number, '3'),
        }),
      })),
      ...Array.from({ length: size.objects - leftovers.objects }, (_, number) => ({
        key: `ec2-image/archive/${number}.tar`,
        modifiedAt: createdAt(number % 365),
      })),
    ],
  });
}
