import { diskFormats, proofExtents } from '@ec2-image/provenance';
import { duration, integer } from '../kinds/numbers.ts';
import { accountId, boolean, bucketName, oneOf, text } from '../kinds/text.ts';
import { option } from '../option.ts';

export const ways = ['s3', 'ebs'] as const;
export const converters = ['auto', 'qemu-img'] as const;
/** S3 API Reference, CreateMultipartUpload, as far as no key is the caller's. */
const serverSideEncryptions = ['AES256', 'aws:kms', 'aws:kms:dsse'] as const;

/** Of commands that prove by import tasks what ec2-image created. */
const importBuckets = {
  help: 'Bucket that imports read from; repeatable',
  group: 'scope',
  default: "the configuration's",
  repeats: true,
} as const;

const searchedBuckets = {
  help: 'Bucket to look in; repeatable (without one, S3 is skipped)',
  group: 'scope',
  default: "the configuration's",
  repeats: true,
} as const;

const keyPrefixes = {
  help: 'Key prefix of uploaded objects; repeatable',
  group: 'scope',
  repeats: true,
} as const;

/** How a disk gets into EC2. */
export const wayOptions = {
  via: option({
    kind: oneOf(ways),
    help: 'Through an S3 bucket, or block by block through the EBS direct APIs, without bucket, role and import task',
    default: 's3',
    group: 'way',
    commands: ['import', 'doctor', 'iam-policy', 'init'],
    in: 'both',
    variants: { doctor: { group: 'checks' }, 'iam-policy': { group: 'policy' } },
  }),
  format: option({
    kind: oneOf(diskFormats as ['vhdx', 'vhd', 'vmdk', 'raw']),
    help: 'Disk format to convert to and upload',
    default: 'vhdx',
    group: 'way',
    commands: ['import', 'demo', 'tag-fix'],
    in: 'both',
    variants: {
      'tag-fix': { help: 'Disk format that they were imported in', group: 'tags', environment: false },
    },
  }),
  converter: option({
    kind: oneOf(converters),
    help: 'Converter: ec2-image itself where it takes the image and the format, else qemu-img (with --via ebs, qemu-nbd); or qemu always',
    default: 'auto',
    group: 'way',
    commands: ['import'],
    in: 'both',
  }),
  proof: option({
    kind: oneOf(proofExtents),
    help: 'How much of the image to read to prove that the snapshot is made of it: full, a sample (1 MiB of each 16), or none; it runs while EC2 imports',
    default: 'full',
    group: 'way',
    commands: ['import'],
    in: 'both',
  }),
  bucket: option({
    kind: bucketName,
    help: 'S3 bucket for the upload (same region)',
    group: 'way',
    commands: ['import', 'list', 'status', 'janitor', 'tag-fix', 'doctor', 'iam-policy', 'init'],
    in: 'both',
    variants: {
      janitor: searchedBuckets,
      status: searchedBuckets,
      'tag-fix': importBuckets,
      list: importBuckets,
      doctor: {
        help: 'Bucket to check, besides those of the configuration; repeatable',
        group: 'checks',
        repeats: true,
      },
      'iam-policy': {
        help: 'Bucket that the policy is for; repeatable',
        group: 'policy',
        default: "the configuration's",
        repeats: true,
      },
    },
  }),
  'bucket-owner': option({
    kind: accountId,
    help: 'Account that owns the bucket',
    default: 'the account of the credentials',
    group: 'way',
    commands: ['import', 'doctor', 'iam-policy'],
    in: 'both',
    variants: {
      doctor: { group: 'checks' },
      'iam-policy': { help: 'Account that the role trusts VM Import on behalf of', group: 'policy' },
    },
  }),
  'key-prefix': option({
    kind: text({ metavar: 'PREFIX', max: 512, empty: true }),
    help: 'Key prefix of uploaded objects',
    default: 'ec2-image/',
    group: 'way',
    commands: ['import', 'list', 'status', 'janitor', 'tag-fix', 'doctor', 'iam-policy'],
    in: 'both',
    variants: {
      doctor: { group: 'checks' },
      'iam-policy': { help: 'Key prefix of uploaded objects; repeatable', group: 'policy', repeats: true },
      list: keyPrefixes,
      status: keyPrefixes,
      janitor: keyPrefixes,
      'tag-fix': keyPrefixes,
    },
  }),
  sse: option({
    kind: oneOf(serverSideEncryptions),
    help: 'Server-side encryption of the uploaded object',
    default: "the bucket's own",
    group: 'way',
    commands: ['import', 'doctor'],
    in: 'both',
    variants: { doctor: { group: 'checks' } },
  }),
  'sse-kms-key': option({
    kind: text({ metavar: 'KEY', max: 2048 }),
    help: 'KMS key for --sse aws:kms, which it implies, and aws:kms:dsse',
    group: 'way',
    commands: ['import', 'doctor', 'iam-policy'],
    in: 'both',
    variants: {
      doctor: { group: 'checks' },
      'iam-policy': { help: 'KMS key of the objects, by --sse-kms-key or by the bucket', group: 'policy' },
    },
  }),
  'role-name': option({
    kind: text({ metavar: 'ROLE' }),
    help: 'Service role of the import',
    default: 'vmimport',
    group: 'way',
    commands: ['import', 'doctor'],
    in: 'both',
    variants: { doctor: { group: 'checks' } },
  }),
  'poll-interval': option({
    kind: duration(),
    help: 'Polling interval for the import task',
    default: '15',
    group: 'way',
    commands: ['import', 'publish', 'janitor', 'retire'],
    in: 'both',
    variants: {
      janitor: { help: 'Polling interval while changes take effect', group: 'selection' },
      retire: { help: 'Polling interval while changes take effect', group: 'selection' },
    },
  }),
  'import-attempts': option({
    kind: integer({ min: 1, max: 20 }),
    help: 'Attempts when an import fails with a transient error',
    default: '3',
    group: 'way',
    commands: ['import'],
    in: 'both',
  }),
  'import-timeout': option({
    kind: duration(),
    help: 'Fail when the import task makes no progress for this long',
    default: '2h',
    group: 'way',
    commands: ['import'],
    in: 'both',
  }),
  verify: option({
    kind: boolean,
    help: 'Verify that the snapshot matches the disk, block by block, before the AMI is registered',
    group: 'way',
    commands: ['import'],
    in: 'both',
  }),
  'omit-holes': option({
    kind: boolean,
    help: 'With --via ebs, leave out blocks that were never written in the source, by its own block map (of qcow2, VMDK, VHD, or a local sparse raw file): an encrypted volume reads them as noise',
    group: 'way',
    commands: ['import'],
    in: 'both',
  }),
  'allow-absent': option({
    kind: boolean,
    help: 'When verifying, accept a snapshot that lacks blocks of zeros, which an encrypted volume reads as noise',
    group: 'way',
    commands: ['import', 'verify'],
    in: 'both',
    variants: { verify: { group: 'disk', environment: false } },
  }),
  'keep-object': option({
    kind: boolean,
    help: 'Keep the uploaded disk in S3',
    group: 'way',
    commands: ['import'],
    in: 'both',
  }),
  'keep-files': option({
    kind: boolean,
    help: 'Keep the download in the work directory, and the disk where it is a file',
    group: 'way',
    commands: ['import'],
    in: 'both',
  }),
  fresh: option({
    kind: boolean,
    help: 'Ignore existing objects, snapshots and AMIs',
    group: 'way',
    commands: ['import'],
    in: 'both',
    pinned: false,
  }),
  replace: option({
    kind: boolean,
    help: 'Replace an AMI of this name that ec2-image made from another image, and its copies: deregister them and delete their snapshots',
    group: 'way',
    commands: ['import', 'publish'],
    in: 'both',
    pinned: false,
    variants: {
      publish: {
        help: 'Replace copies of an earlier AMI of this name: deregister them and delete their snapshots',
        group: 'publish',
      },
    },
  }),
  'cancel-on-interrupt': option({
    kind: boolean,
    help: 'When interrupted, cancel a running import task instead of leaving it for the next run',
    group: 'way',
    commands: ['import'],
    in: 'flag',
  }),
};
