import type { Permission } from './permission.ts';

/** Beside those of the imports that it checks: without one of these, something is not provable. */
export const doctorPermissions: readonly Permission[] = [
  {
    purpose: 'LookAtTheRole',
    actions: ['iam:GetRole', 'iam:GetRolePolicy', 'iam:ListAttachedRolePolicies', 'iam:ListRolePolicies'],
    on: ['role'],
  },
  {
    // Managed policies of the role; and what the caller itself may do, who may be any user or role.
    purpose: 'LookAtPoliciesAndSimulateThem',
    actions: ['iam:GetPolicy', 'iam:GetPolicyVersion', 'iam:SimulatePrincipalPolicy'],
    on: ['anything'],
  },
  {
    purpose: 'LookAtTheBucketsSettings',
    actions: [
      's3:GetBucketPolicy',
      's3:GetBucketVersioning',
      's3:GetEncryptionConfiguration',
      's3:GetLifecycleConfiguration',
    ],
    on: ['bucket'],
  },
  {
    purpose: 'LookAtTheRegionsSettings',
    actions: [
      'ec2:GetEbsDefaultKmsKeyId',
      'ec2:GetEbsEncryptionByDefault',
      'kms:DescribeKey',
      'kms:GetKeyPolicy',
      'servicequotas:GetServiceQuota',
    ],
    on: ['anything'],
  },
];
