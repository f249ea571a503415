import type { Permission } from './permission.ts';

/** What commands that read a whole account have in common. */

export const lookInTheBucket: Permission = {
  purpose: 'LookInTheBucket',
  actions: [
    's3:GetBucketVersioning',
    's3:ListBucket',
    's3:ListBucketMultipartUploads',
    's3:ListBucketVersions',
  ],
  on: ['bucket'],
};

export const lookAtTheObjects: Permission = {
  purpose: 'LookAtTheObjects',
  actions: [
    's3:GetObject',
    's3:GetObjectTagging',
    's3:GetObjectVersion',
    's3:GetObjectVersionTagging',
    's3:ListMultipartUploadParts',
  ],
  on: ['objects'],
};

export const seeWhoseTheBucketIs: Permission = {
  purpose: 'SeeWhoseTheBucketIs',
  actions: ['s3:ListBucket'],
  on: ['bucket'],
};

/** Of a statement on instances: those alone that a boot test started have the tag. */
export const ofTestInstances = {
  StringLike: { 'ec2:ResourceTag/ec2-image:started-at': '*' },
} satisfies Permission['condition'];
