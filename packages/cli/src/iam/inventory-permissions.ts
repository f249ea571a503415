import type { Permission, PolicyName } from './permission.ts';
import { lookAtTheObjects, lookInTheBucket, seeWhoseTheBucketIs } from './scan-permissions.ts';

const plan: readonly Permission[] = [
  {
    purpose: 'LookForResults',
    actions: [
      'ec2:DescribeImageAttribute',
      'ec2:DescribeImages',
      'ec2:DescribeImportSnapshotTasks',
      'ec2:DescribeSnapshots',
    ],
    on: ['anything'],
  },
  {
    // Without ListBucket S3 does not say that an object is missing.
    purpose: 'SeeTheBucket',
    actions: ['s3:ListBucket', 's3:ListBucketMultipartUploads'],
    on: ['bucket'],
  },
  {
    purpose: 'LookAtTheObjects',
    actions: ['s3:GetObject', 's3:ListMultipartUploadParts'],
    on: ['objects'],
  },
  {
    purpose: 'LookAtTheKeyOfTheSnapshot',
    actions: ['kms:DescribeKey'],
    on: ['snapshot-keys'],
  },
];

/** The same, where the configuration publishes: what is read of each region. */
const planPublish: readonly Permission[] = [
  ...plan,
  {
    purpose: 'LookAtTheRegions',
    actions: [
      'ec2:DescribeRegions',
      'ec2:DescribeSnapshotAttribute',
      'ec2:GetEbsDefaultKmsKeyId',
      'ec2:GetEbsEncryptionByDefault',
      'ec2:GetImageBlockPublicAccessState',
      'ec2:GetSnapshotBlockPublicAccessState',
    ],
    on: ['anything'],
  },
  {
    purpose: 'ReadTheParameters',
    actions: ['ssm:GetParameters'],
    on: ['parameters'],
  },
];

const list: readonly Permission[] = [
  {
    purpose: 'LookInTheRegions',
    actions: [
      'ec2:DescribeImageAttribute',
      'ec2:DescribeImageReferences',
      'ec2:DescribeImages',
      'ec2:DescribeImportSnapshotTasks',
      'ec2:DescribeRegions',
      'ec2:DescribeSnapshots',
    ],
    on: ['anything'],
  },
  {
    // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-ami-references.html#ami-references-required-permissions
    purpose: 'LetEc2LookForParametersOfAnAmi',
    actions: ['ssm:DescribeParameters', 'ssm:GetParameters'],
    on: ['anything'],
    condition: { 'ForAnyValue:StringEquals': { 'aws:CalledVia': ['ec2-images.amazonaws.com'] } },
  },
  seeWhoseTheBucketIs,
];

const status: readonly Permission[] = [
  {
    purpose: 'LookInTheRegions',
    actions: [
      'ec2:DescribeImages',
      'ec2:DescribeImportSnapshotTasks',
      'ec2:DescribeInstances',
      'ec2:DescribeRegions',
      'ec2:DescribeSnapshots',
    ],
    on: ['anything'],
  },
  lookInTheBucket,
  lookAtTheObjects,
];

/** Of the commands that show what is in the account, and change nothing. */
export const inventoryPermissions = {
  plan,
  'plan-publish': planPublish,
  list,
  status,
} satisfies Partial<Record<PolicyName, readonly Permission[]>>;
