import type { Permission } from './permission.ts';
import { ofTestInstances } from './scan-permissions.ts';

export const bootTestPermissions: readonly Permission[] = [
  {
    purpose: 'LookAtAmiAndInstances',
    actions: [
      'ec2:DescribeImages',
      'ec2:DescribeInstanceStatus',
      'ec2:DescribeInstances',
      'ec2:DescribeTags',
    ],
    on: ['anything'],
  },
  {
    purpose: 'StartAnInstance',
    actions: ['ec2:RunInstances'],
    on: ['images', 'instances', 'instance-parts'],
  },
  {
    // https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html
    purpose: 'UseTheKeyOfTheVolume',
    actions: [
      'kms:CreateGrant',
      'kms:Decrypt',
      'kms:DescribeKey',
      'kms:GenerateDataKeyWithoutPlaintext',
      'kms:ReEncrypt*',
    ],
    on: ['snapshot-keys'],
  },
  {
    purpose: 'TagWhatIsStarted',
    actions: ['ec2:CreateTags'],
    on: ['instances', 'instance-parts'],
    condition: { StringEquals: { 'ec2:CreateAction': 'RunInstances' } },
  },
  {
    purpose: 'TagTheAmi',
    actions: ['ec2:CreateTags'],
    on: ['images'],
  },
  {
    purpose: 'WatchAndEndIt',
    actions: ['ec2:GetConsoleOutput', 'ec2:TerminateInstances'],
    on: ['instances'],
    condition: ofTestInstances,
  },
];
