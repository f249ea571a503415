import { volumeKeyActions } from './import-permissions.ts';
import type { Permission } from './permission.ts';

/** In the region of the import and in all that the AMI goes to. */
export const publishPermissions: readonly Permission[] = [
  {
    purpose: 'LookAtAmisAndRegions',
    actions: ['ec2:DescribeImages', 'ec2:DescribeRegions', 'ec2:DescribeSnapshots'],
    on: ['anything'],
  },
  {
    // Whether what is configured can be shared there.
    purpose: 'LookAtTheRegionsSettings',
    actions: [
      'ec2:GetEbsDefaultKmsKeyId',
      'ec2:GetEbsEncryptionByDefault',
      'ec2:GetImageBlockPublicAccessState',
      'ec2:GetSnapshotBlockPublicAccessState',
      'servicequotas:GetServiceQuota',
    ],
    on: ['anything'],
  },
  {
    purpose: 'CopyTheAmi',
    actions: ['ec2:CopyImage'],
    on: ['images', 'snapshots'],
  },
  {
    purpose: 'TagTheCopies',
    actions: ['ec2:CreateTags'],
    on: ['images', 'snapshots'],
    condition: { StringEquals: { 'ec2:CreateAction': 'CopyImage' } },
  },
  {
    purpose: 'UseTheKeysOfTheCopies',
    actions: volumeKeyActions,
    on: ['snapshot-keys'],
  },
  {
    // Permissions, deprecation, protection; and a copy that has failed or is replaced.
    purpose: 'ReadAndChangeTheAmis',
    actions: [
      'ec2:DeregisterImage',
      'ec2:DescribeImageAttribute',
      'ec2:DisableImageDeregistrationProtection',
      'ec2:EnableImageDeprecation',
      'ec2:EnableImageDeregistrationProtection',
      'ec2:ModifyImageAttribute',
    ],
    on: ['images'],
  },
  {
    purpose: 'AnnounceTheAmis',
    actions: ['ssm:GetParameters', 'ssm:PutParameter'],
    on: ['parameters'],
  },
  {
    // Those of a copy that has failed or is replaced are deleted with it.
    purpose: 'ReadAndChangeTheSnapshots',
    actions: ['ec2:DeleteSnapshot', 'ec2:DescribeSnapshotAttribute', 'ec2:ModifySnapshotAttribute'],
    on: ['snapshots'],
  },
];
