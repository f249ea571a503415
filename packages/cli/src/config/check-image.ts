import { type AmiNameParts, amiNameDate, amiNameOf, type ProvenanceError } from '@ec2-image/provenance';
import { label, located, type Origin } from './origin.ts';

/** EC2 accepts 50 tags a resource; our own are thirteen at most, of an AMI as of a snapshot. */
const ownTags = 13;
const maxTags = 50 - ownTags;

type TagRecord = Readonly<Record<string, string>>;

/** In characters: https://docs.aws.amazon.com/ebs/latest/APIReference/API_Tag.html, where EC2 accepts 256. */
const longestOfEbs = 255;

/** @throws UsageError `BAD_OPTION`, `RESERVED_TAG`, `TOO_MANY_TAGS` */
export function tagsOf(
  {
    tag = {},
    amiTag = {},
    snapshotTag = {},
  }: { readonly tag?: TagRecord; readonly amiTag?: TagRecord; readonly snapshotTag?: TagRecord },
  { via, origin }: { readonly via: 's3' | 'ebs'; readonly origin: Origin },
): { readonly tags: TagRecord; readonly amiTags: TagRecord; readonly snapshotTags: TagRecord } {
  for (const extra of [{}, amiTag, snapshotTag]) checkTags({ ...tag, ...extra }, origin);
  if (via === 'ebs') checkForEbs({ ...tag, ...snapshotTag }, origin);
  return { tags: { ...tag }, amiTags: { ...amiTag }, snapshotTags: { ...snapshotTag } };
}

function checkTags(tags: TagRecord, origin: Origin): void {
  const reserved = Object.keys(tags).find((key) => key === 'Name' || key.startsWith('ec2-image:'));
  if (reserved !== undefined) {
    throw located('RESERVED_TAG', `${label(origin)}the tag ${reserved} is set by ec2-image itself`, origin, {
      hint: 'Choose another key; Name is the name of the AMI.',
      facts: { tag: reserved },
    });
  }
  const count = Object.keys(tags).filter((key) => key !== 'automation').length;
  if (count > maxTags) {
    throw located(
      'TOO_MANY_TAGS',
      `${label(origin)}${count} tags: EC2 accepts 50, and ec2-image sets ${ownTags} of them`,
      origin,
      { hint: `Use at most ${maxTags} tags.`, facts: { count } },
    );
  }
}

function checkForEbs(tags: TagRecord, origin: Origin): void {
  const [longKey] = Object.entries(tags).find(([, value]) => value.length > longestOfEbs) ?? [];
  if (longKey === undefined) return;
  throw located(
    'BAD_OPTION',
    `${label(origin)}the value of the tag ${longKey} has more than ${longestOfEbs} characters, which EBS direct does not accept`,
    origin,
    { hint: 'Shorten it, or use --via s3.' },
  );
}

/** An AMI's name is checked before anything is downloaded, with 12 digits for what the digest will give. */
export function checkName(
  { name, suffix, arch }: Partial<AmiNameParts> & { readonly name: string; readonly arch: string },
  template: string | undefined,
  origin: Origin,
): void {
  const digest = '0'.repeat(12);
  try {
    const parts = { name, suffix: suffix ?? digest, arch, digest, date: amiNameDate(new Date(0)) };
    amiNameOf(parts, template);
  } catch (error) {
    const { code, message, hint } = error as ProvenanceError;
    throw located(code, `${label(origin)}${message}`, origin, { hint });
  }
}
