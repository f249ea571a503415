import { amiNameOf, type ProvenanceError } from '@ec2-image/provenance';
import { label, located, type Origin } from './origin.ts';

/** EC2 accepts 50 tags a resource; our own are seven. */
const maxTags = 43;

/** In characters: https://docs.aws.amazon.com/ebs/latest/APIReference/API_Tag.html, where EC2 accepts 256. */
const longestOfEbs = 255;

/** @throws UsageError `BAD_OPTION`, `RESERVED_TAG`, `TOO_MANY_TAGS` */
export function tagsOf(
  tag: Readonly<Record<string, string>> = {},
  { via, origin }: { readonly via: 's3' | 'ebs'; readonly origin: Origin },
): Record<string, string> {
  const reserved = Object.keys(tag).find(
    (key) => key === 'Name' || key === 'automation' || key.startsWith('ec2-image:'),
  );
  if (reserved !== undefined) {
    throw located('RESERVED_TAG', `${label(origin)}the tag ${reserved} is set by ec2-image itself`, origin, {
      hint: 'Choose another key; Name is made of the name and the suffix.',
    });
  }
  const count = Object.keys(tag).length;
  if (count > maxTags) {
    throw located(
      'TOO_MANY_TAGS',
      `${label(origin)}${count} tags: EC2 accepts 50, and ec2-image sets 7 of them`,
      origin,
      { hint: `Use at most ${maxTags} tags.` },
    );
  }
  const [longKey] = Object.entries(tag).find(([, value]) => value.length > longestOfEbs) ?? [];
  if (via === 'ebs' && longKey !== undefined) {
    throw located(
      'BAD_OPTION',
      `${label(origin)}the value of the tag ${longKey} has more than ${longestOfEbs} characters, which EBS direct does not accept`,
      origin,
      { hint: 'Shorten it, or use --via s3.' },
    );
  }
  return { ...tag };
}

/** An AMI's name is checked before anything is downloaded, with 12 digits for a suffix that the digest will give. */
export function checkName(name: string, suffix: string | undefined, origin: Origin): void {
  try {
    amiNameOf({ name, suffix: suffix ?? '0'.repeat(12) });
  } catch (error) {
    const { code, message, hint } = error as ProvenanceError;
    throw located(code, `${label(origin)}${message}`, origin, { hint });
  }
}
