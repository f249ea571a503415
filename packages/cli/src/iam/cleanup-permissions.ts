import type { Permission, PolicyName } from './permission.ts';

const janitor: readonly Permission[] = [
  {
    purpose: 'LookInTheRegions',
    actions: [
      'ec2:DescribeFastSnapshotRestores',
      'ec2:DescribeImageAttribute',
      'ec2:DescribeImages',
      'ec2:DescribeImportSnapshotTasks',
      'ec2:DescribeLockedSnapshots',
      'ec2:DescribeRegions',
      'ec2:DescribeSnapshotAttribute',
      'ec2:DescribeSnapshotTierStatus',
      'ec2:DescribeSnapshots',
    ],
    on: ['anything'],
  },
  {
    purpose: 'LookForWhatUsesAmisAndSnapshots',
    actions: [
      'autoscaling:DescribeAutoScalingGroups',
      'autoscaling:DescribeLaunchConfigurations',
      'ec2:DescribeFleets',
      'ec2:DescribeImageReferences',
      'ec2:DescribeLaunchTemplateVersions',
      'ec2:DescribeLaunchTemplates',
      'ec2:DescribeSpotFleetRequests',
      'ec2:DescribeSpotInstanceRequests',
    ],
    on: ['anything'],
  },
  {
    // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-ami-references.html#ami-references-required-permissions
    purpose: 'LetEc2LookForWhatUsesAnAmi',
    actions: [
      'ec2:DescribeInstances',
      'imagebuilder:GetContainerRecipe',
      'imagebuilder:ListContainerRecipes',
      'imagebuilder:ListImageRecipes',
      'ssm:DescribeParameters',
      'ssm:GetParameters',
    ],
    on: ['anything'],
    condition: { 'ForAnyValue:StringEquals': { 'aws:CalledVia': ['ec2-images.amazonaws.com'] } },
  },
  {
    purpose: 'LookInTheBucket',
    actions: [
      's3:GetBucketVersioning',
      's3:ListBucket',
      's3:ListBucketMultipartUploads',
      's3:ListBucketVersions',
    ],
    on: ['bucket'],
  },
  {
    purpose: 'LookAtTheObjects',
    actions: [
      's3:GetObject',
      's3:GetObjectTagging',
      's3:GetObjectVersion',
      's3:GetObjectVersionTagging',
      's3:ListMultipartUploadParts',
    ],
    on: ['objects'],
  },
  {
    purpose: 'ApplyInTheRegions',
    actions: [
      'ec2:CancelImportTask',
      'ec2:CreateTags',
      'ec2:DeleteSnapshot',
      'ec2:DeleteTags',
      'ec2:DeregisterImage',
      'ec2:DisableImage',
      'ec2:EnableImage',
      'ec2:ListImagesInRecycleBin',
      'ec2:ListSnapshotsInRecycleBin',
      'ec2:ModifyImageAttribute',
    ],
    on: ['anything'],
  },
  {
    purpose: 'ApplyInTheBucket',
    actions: ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:DeleteObjectVersion'],
    on: ['objects'],
  },
];

const inTheRegions = janitor.filter(({ on }) => on.includes('anything'));

const retire: readonly Permission[] = [
  ...inTheRegions.filter(({ purpose }) => purpose !== 'ApplyInTheRegions'),
  {
    purpose: 'ApplyInTheRegions',
    actions: [
      'ec2:CreateTags',
      'ec2:DeleteSnapshot',
      'ec2:DeleteTags',
      'ec2:DeregisterImage',
      'ec2:DisableImage',
      'ec2:EnableImage',
      'ec2:EnableImageDeprecation',
      'ec2:ListImagesInRecycleBin',
      'ec2:ListSnapshotsInRecycleBin',
      'ec2:ModifyImageAttribute',
      'ec2:ModifySnapshotAttribute',
    ],
    on: ['anything'],
  },
];

const tagFix: readonly Permission[] = [
  {
    purpose: 'LookInTheRegions',
    actions: [
      'ec2:DescribeImages',
      'ec2:DescribeImportSnapshotTasks',
      'ec2:DescribeRegions',
      'ec2:DescribeSnapshots',
    ],
    on: ['anything'],
  },
  {
    purpose: 'SeeWhoseTheBucketIs',
    actions: ['s3:ListBucket'],
    on: ['bucket'],
  },
  {
    purpose: 'AddTags',
    actions: ['ec2:CreateTags'],
    on: ['images', 'snapshots'],
  },
];

/** Of the commands that look after what imports made. */
export const cleanupPermissions = {
  janitor,
  retire,
  'tag-fix': tagFix,
} satisfies Partial<Record<PolicyName, readonly Permission[]>>;
