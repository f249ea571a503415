import type { Scene } from './scene.ts';
import type { KeyFacts, RoleUse } from './uses.ts';

export interface RoleNeed {
  readonly action: string;
  readonly resource: string;
  /** The service that asks KMS on behalf of the role. */
  readonly via?: string;
  readonly key?: KeyFacts;
}

/** https://docs.aws.amazon.com/vm-import/latest/userguide/required-permissions.html#vmimport-role */
export function roleNeeds(
  { partition, region }: Scene,
  { bucket, keyPrefix, objectKey, snapshotKey }: Omit<RoleUse, 'role'>,
): RoleNeed[] {
  const bucketArn = `arn:${partition}:s3:::${bucket}`;
  const keyNeeds = (key: KeyFacts | undefined, service: 'ec2' | 's3', actions: readonly string[]) =>
    key === undefined
      ? []
      : actions.map(
          (action): RoleNeed => ({ action, resource: key.arn, via: viaService(service, region), key }),
        );
  return [
    ...(bucket === undefined
      ? []
      : [
          { action: 's3:GetBucketLocation', resource: bucketArn },
          { action: 's3:ListBucket', resource: bucketArn },
          { action: 's3:GetObject', resource: `${bucketArn}/${keyPrefix}disk` },
        ]),
    ...['ec2:CopySnapshot', 'ec2:DescribeSnapshots', 'ec2:ModifySnapshotAttribute', 'ec2:RegisterImage'].map(
      (action) => ({ action, resource: '*' }),
    ),
    ...keyNeeds(objectKey, 's3', ['kms:Decrypt']),
    ...keyNeeds(snapshotKey, 'ec2', volumeKeyNeeds),
  ];
}

/** One by one what a policy may write with asterisks. */
export const volumeKeyNeeds: readonly string[] = [
  'kms:CreateGrant',
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

/** https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service */
export function viaService(service: 'ec2' | 's3', region: string): string {
  return `${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}
