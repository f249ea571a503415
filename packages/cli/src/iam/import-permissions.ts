import type { Permission } from './permission.ts';

const readBlocks: Permission = {
  purpose: 'ReadSnapshotBlocks',
  actions: ['ebs:GetSnapshotBlock', 'ebs:ListSnapshotBlocks'],
  on: ['snapshots'],
};

/** https://docs.aws.amazon.com/ebs/latest/userguide/ebsapi-permissions.html */
export const volumeKeyActions: readonly string[] = [
  'kms:CreateGrant',
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey*',
  'kms:ReEncrypt*',
];

const decryptBlocks: Permission = {
  purpose: 'DecryptTheBlocks',
  actions: ['kms:Decrypt'],
  on: ['snapshot-keys'],
};

/** From a snapshot to its AMI, the same by both ways. */
const registration: readonly Permission[] = [
  {
    purpose: 'RegisterTheAmi',
    actions: ['ec2:RegisterImage'],
    on: ['images', 'snapshots'],
  },
  {
    // By RegisterImage; and what an earlier run left off.
    purpose: 'TagAmiAndSnapshot',
    actions: ['ec2:CreateTags'],
    on: ['images', 'snapshots'],
  },
  {
    // uefi-data, and what can be changed of an AMI: description, imds, deregistration-protection.
    purpose: 'ReadAndChangeTheAmi',
    actions: [
      'ec2:DescribeImageAttribute',
      'ec2:DisableImageDeregistrationProtection',
      'ec2:EnableImageDeregistrationProtection',
      'ec2:ModifyImageAttribute',
    ],
    on: ['images'],
  },
  {
    // --replace, and what a failed registration or import left.
    purpose: 'RemoveWhatFailedOrIsReplaced',
    actions: ['ec2:DeleteSnapshot', 'ec2:DeregisterImage'],
    on: ['images', 'snapshots'],
  },
];

export const importS3Permissions: readonly Permission[] = [
  {
    purpose: 'LookForResults',
    actions: [
      'ec2:DescribeImages',
      'ec2:DescribeImportSnapshotTasks',
      'ec2:DescribeSnapshots',
      'ec2:DescribeTags',
    ],
    on: ['anything'],
  },
  {
    // Without ListBucket S3 does not say that an object is missing.
    purpose: 'LookInTheBucket',
    actions: ['s3:ListBucket', 's3:ListBucketMultipartUploads'],
    on: ['bucket'],
  },
  {
    purpose: 'UploadAndRemoveTheDisk',
    actions: [
      's3:AbortMultipartUpload',
      's3:DeleteObject',
      's3:DeleteObjectVersion',
      's3:GetObject',
      's3:ListMultipartUploadParts',
      's3:PutObject',
    ],
    on: ['objects'],
  },
  {
    // Parts of an upload are decrypted, too.
    purpose: 'UseTheKeyOfTheObjects',
    actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
    on: ['object-keys'],
  },
  {
    purpose: 'LookAtTheKeyOfTheSnapshot',
    actions: ['kms:DescribeKey'],
    on: ['snapshot-keys'],
  },
  {
    purpose: 'ImportTheSnapshot',
    actions: ['ec2:ImportSnapshot'],
    on: ['import-tasks', 'snapshots'],
  },
  {
    // By the call that starts it, and then with the time at which it did.
    purpose: 'TagTheImportTask',
    actions: ['ec2:CreateTags'],
    on: ['import-tasks'],
  },
  {
    purpose: 'CancelTheImportTask',
    actions: ['ec2:CancelImportTask'],
    on: ['import-tasks'],
  },
  ...registration,
];

export const importEbsPermissions: readonly Permission[] = [
  {
    purpose: 'LookForResults',
    actions: ['ec2:DescribeImages', 'ec2:DescribeSnapshots', 'ec2:DescribeTags'],
    on: ['anything'],
  },
  {
    purpose: 'WriteTheSnapshot',
    actions: ['ebs:CompleteSnapshot', 'ebs:PutSnapshotBlock', 'ebs:StartSnapshot'],
    on: ['snapshots'],
  },
  {
    purpose: 'UseTheKeyOfTheSnapshot',
    actions: volumeKeyActions,
    on: ['snapshot-keys'],
  },
  // What another run completed is read back before it is reused; --verify reads what this one did.
  readBlocks,
  ...registration,
];

export const verifyPermissions: readonly Permission[] = [
  {
    purpose: 'FindTheSnapshot',
    actions: ['ec2:DescribeImages', 'ec2:DescribeSnapshots'],
    on: ['anything'],
  },
  readBlocks,
  decryptBlocks,
];

/** Of a snapshot that was made for another AMI, beside those of the import. */
export const ownSnapshotPermissions: readonly Permission[] = [
  {
    purpose: 'CopyTheSnapshot',
    actions: ['ec2:CopySnapshot'],
    on: ['snapshots'],
  },
  {
    purpose: 'UseTheKeyOfTheSnapshot',
    actions: volumeKeyActions,
    on: ['snapshot-keys'],
  },
];
