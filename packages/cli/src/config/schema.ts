import { diskFormats } from '@ec2-image/provenance';
import { z } from 'zod';
import { parseBytes, parseSeconds } from '../quantities.ts';

/*
 * One vocabulary for the command line and the file: a key is the name of its flag. What is said here of a value
 * holds for both, and so do the messages.
 */

const seconds = z.union([z.number(), z.string()]).transform((value, context) => {
  const parsed = parseSeconds(String(value));
  if (parsed === undefined)
    context.addIssue(`expected a time such as 90, 15m or 2h, not ${JSON.stringify(value)}`);
  return parsed ?? 0;
});

const byteCount = z.union([z.number(), z.string()]).transform((value, context) => {
  const parsed = parseBytes(String(value));
  if (!parsed) context.addIssue(`expected a size such as 64GiB, not ${JSON.stringify(value)}`);
  return parsed ?? 0;
});

const text = z
  .string({
    error: (issue) => `expected text${typeof issue.input === 'number' ? ' (put the number in quotes)' : ''}`,
  })
  .min(1, 'expected some text');

const url = text;

/** S3's naming rules, and what older buckets of us-east-1 may have. */
const bucketName = text.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/, 'not a bucket name');

/** EC2's limits for tags: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions */
const tags = z.record(
  text
    .max(127, 'a tag key has 127 characters at most')
    .refine((key) => !/^aws:/i.test(key), 'a tag key cannot begin with aws:'),
  z.string().max(256, 'a tag value has 256 characters at most'),
);

export const architectures = ['x86_64', 'arm64'] as const;
export const bootModes = ['legacy-bios', 'uefi', 'uefi-preferred'] as const;
export const ways = ['s3', 'ebs'] as const;

const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: (issue) => `expected ${values.join(' or ')}, not ${JSON.stringify(issue.input)}` });

/** What may stand at the top of the file for all images, under one image for it alone, and on the command line. */
export const sharedShape = {
  region: text.regex(/^[a-z]{2}(-[a-z0-9]+)+$/, 'not a region name').optional(),
  bucket: bucketName.optional(),
  'bucket-owner': text.regex(/^\d{12}$/, 'expected an account id of 12 digits').optional(),
  suffix: z.union([text, z.literal('')]).optional(),
  format: oneOf(diskFormats as ['vhdx', 'vhd', 'vmdk', 'raw']).optional(),
  'key-prefix': z.string().max(512).optional(),
  'boot-mode': oneOf(bootModes).optional(),
  tag: tags.optional(),
  'role-name': text.optional(),
  'poll-interval': seconds.optional(),
  'keep-object': z.boolean().optional(),
  'keep-files': z.boolean().optional(),
  via: oneOf(ways).optional(),
  verify: z.boolean().optional(),
  'allow-absent': z.boolean().optional(),
  fresh: z.boolean().optional(),
  replace: z.boolean().optional(),
  'allow-insecure-checksum': z.boolean().optional(),
  'allow-unbootable': z.boolean().optional(),
  'max-disk-size': byteCount.optional(),
  'import-attempts': z.number().int().min(1).max(20).optional(),
  'import-timeout': seconds.optional(),
  connections: z.number().int().min(1).max(16).optional(),
};

export const imageShape = {
  ...sharedShape,
  url: z.union([url, z.array(url).min(1)]).optional(),
  'checksum-url': url.optional(),
  sha256: text.regex(/^[0-9a-fA-F]{64}$/, 'expected 64 hexadecimal digits').optional(),
  sha512: text.regex(/^[0-9a-fA-F]{128}$/, 'expected 128 hexadecimal digits').optional(),
  arch: oneOf(architectures).optional(),
  /** By region. Written by the run that made them; read by people, not by the tool. */
  amis: z.record(text, text).optional(),
};

/** Commands read what is common to all of them from the file too. */
export const connectionShape = {
  profile: text.optional(),
  'endpoint-url': url.optional(),
  'work-dir': text.optional(),
  'request-timeout': seconds.optional(),
  'max-attempts': z.number().int().min(1).max(100).optional(),
};

export const imageSchema = z.strictObject(imageShape);

export const configSchema = z.strictObject({
  ...connectionShape,
  ...sharedShape,
  images: z.record(text, imageSchema).optional(),
});

export type ImageSettings = z.output<typeof imageSchema>;
export type Config = z.output<typeof configSchema>;
