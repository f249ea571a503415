import type { Permission, PolicyName } from './permission.ts';

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
  {
    purpose: 'SeeWhoseTheBucketIs',
    actions: ['s3:ListBucket'],
    on: ['bucket'],
  },
];

/** Of the commands that show what is in the account, and change nothing. */
export const inventoryPermissions = { list } satisfies Partial<Record<PolicyName, readonly Permission[]>>;
