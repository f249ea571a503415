import type { Permission, PolicyName } from './permission.ts';
import {
  lookAtTheObjects,
  lookInTheBucket,
  ofTestInstances,
  seeWhoseTheBucketIs,
} from './scan-permissions.ts';

const lookInTheRegions: Permission = {
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
};

const findUsers: Permission = {
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
};

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-ami-references.html#ami-references-required-permissions */
const letEc2FindUsers: Permission = {
  purpose: 'LetEc2LookForWhatUsesAnAmi',
  actions: [
    'imagebuilder:GetContainerRecipe',
    'imagebuilder:ListContainerRecipes',
    'imagebuilder:ListImageRecipes',
    'ssm:DescribeParameters',
    'ssm:GetParameters',
  ],
  on: ['anything'],
  condition: { 'ForAnyValue:StringEquals': { 'aws:CalledVia': ['ec2-images.amazonaws.com'] } },
};

const janitor: readonly Permission[] = [
  // Instances of boot tests, too; and EC2 may look for those that use an AMI then.
  { ...lookInTheRegions, actions: [...lookInTheRegions.actions, 'ec2:DescribeInstances'] },
  findUsers,
  letEc2FindUsers,
  lookInTheBucket,
  lookAtTheObjects,
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
    purpose: 'EndInstancesOfBootTests',
    actions: ['ec2:TerminateInstances'],
    on: ['instances'],
    condition: ofTestInstances,
  },
  {
    purpose: 'ApplyInTheBucket',
    actions: ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:DeleteObjectVersion'],
    on: ['objects'],
  },
];

const retire: readonly Permission[] = [
  lookInTheRegions,
  findUsers,
  { ...letEc2FindUsers, actions: ['ec2:DescribeInstances', ...letEc2FindUsers.actions] },
  {
    purpose: 'ApplyInTheRegions',
    actions: [
      'ec2:CreateImageUsageReport',
      'ec2:CreateTags',
      'ec2:DeleteImageUsageReport',
      'ec2:DeleteSnapshot',
      'ec2:DeleteTags',
      'ec2:DeregisterImage',
      'ec2:DescribeImageUsageReportEntries',
      'ec2:DescribeImageUsageReports',
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
  seeWhoseTheBucketIs,
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
