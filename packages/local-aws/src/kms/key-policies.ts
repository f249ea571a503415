import { partitionOf } from '../iam/authorization/requirement.ts';

/** An account's region: keys belong to one. */
export interface KeyPlace {
  readonly accountId: string;
  readonly region: string;
}

/**
 * Of a key that was made without one: the account's IAM decides.
 * https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
 */
export function defaultPolicy({ accountId, region }: KeyPlace): string {
  return document({
    Sid: 'Enable IAM User Permissions',
    Effect: 'Allow',
    Principal: { AWS: `arn:${partitionOf(region)}:iam::${accountId}:root` },
    Action: 'kms:*',
    Resource: '*',
  });
}

/** Of AWS's own keys: everybody in the account may use them, by way of the service alone. */
export function managedPolicy({ accountId, region }: KeyPlace, service: 'ebs' | 's3'): string {
  return document(
    {
      Sid: 'Allow access through the service for all principals in the account',
      Effect: 'Allow',
      Principal: { AWS: '*' },
      Action: [
        'kms:Encrypt',
        'kms:Decrypt',
        'kms:ReEncrypt*',
        'kms:GenerateDataKey*',
        'kms:CreateGrant',
        'kms:DescribeKey',
      ],
      Resource: '*',
      Condition: {
        StringEquals: {
          'kms:CallerAccount': accountId,
          'kms:ViaService': viaService(service === 'ebs' ? 'ec2' : service, region),
        },
      },
    },
    {
      Sid: 'Allow direct access to key metadata to the account',
      Effect: 'Allow',
      Principal: { AWS: `arn:${partitionOf(region)}:iam::${accountId}:root` },
      Action: ['kms:Describe*', 'kms:Get*', 'kms:List*', 'kms:RevokeGrant'],
      Resource: '*',
    },
  );
}

/** As KMS is told it: EBS direct is EC2 to it. */
export function viaService(service: 'ec2' | 's3', region: string): string {
  return `${service}.${region}.amazonaws.com${partitionOf(region) === 'aws-cn' ? '.cn' : ''}`;
}

function document(...Statement: object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement });
}
