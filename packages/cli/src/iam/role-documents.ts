import { volumeKeyActions } from './import-permissions.ts';
import { keyStatementsOf } from './key-statements.ts';
import type { PolicyDocument } from './policy-document.ts';
import { type PolicyScope, partitionsOf } from './policy-scope.ts';

/** In every partition. */
export const importService = 'vmie.amazonaws.com';
export const importExternalId = 'vmimport';

/**
 * Whom the service role of the imports trusts: VM Import, on behalf of this account.
 * https://docs.aws.amazon.com/vm-import/latest/userguide/required-permissions.html#vmimport-role
 */
export function createRoleTrust({ regions, account = 'YOUR-ACCOUNT' }: PolicyScope): PolicyDocument {
  const sources = partitionsOf(regions).map((partition) => `arn:${partition}:vmie:*:${account}:*`);
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: importService },
        Action: 'sts:AssumeRole',
        Condition: {
          StringEquals: { 'sts:ExternalId': importExternalId, 'aws:SourceAccount': account },
          ArnLike: { 'aws:SourceArn': oneOrAll(sources) },
        },
      },
    ],
  };
}

/** What the service role itself may do. */
export function createRolePolicy(scope: PolicyScope): PolicyDocument {
  const { regions, buckets, keyPrefixes, objectKeys = [], snapshotKeys = [] } = scope;
  const named = (buckets.length > 0 ? buckets : ['YOUR-BUCKET']).flatMap((bucket) =>
    partitionsOf(regions).map((partition) => `arn:${partition}:s3:::${bucket}`),
  );
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'LookInTheBucket',
        Effect: 'Allow',
        Action: ['s3:GetBucketLocation', 's3:ListBucket'],
        Resource: oneOrAll(named),
      },
      {
        Sid: 'ReadTheDisk',
        Effect: 'Allow',
        Action: ['s3:GetObject'],
        Resource: oneOrAll(named.flatMap((bucket) => keyPrefixes.map((prefix) => `${bucket}/${prefix}*`))),
      },
      {
        Sid: 'MakeTheSnapshot',
        Effect: 'Allow',
        Action: ['ec2:CopySnapshot', 'ec2:Describe*', 'ec2:ModifySnapshotAttribute', 'ec2:RegisterImage'],
        Resource: '*',
      },
      ...keyStatementsOf({ purpose: 'DecryptTheDisk', actions: ['kms:Decrypt'], keys: objectKeys }, scope),
      ...keyStatementsOf(
        { purpose: 'EncryptTheSnapshot', actions: volumeKeyActions, keys: snapshotKeys },
        scope,
      ),
    ],
  };
}

function oneOrAll(resources: readonly string[]): string | readonly string[] {
  return resources.length === 1 ? resources[0]! : resources;
}
