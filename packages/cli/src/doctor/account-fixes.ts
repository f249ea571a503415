import { createPolicy } from '../iam/policy-document.ts';
import type { PolicyScope } from '../iam/policy-scope.ts';
import { createRolePolicy, createRoleTrust } from '../iam/role-documents.ts';
import { type Fix, logicalId } from './fix.ts';
import type { Place } from './places.ts';
import type { Scene } from './scene.ts';
import type { RoleUse } from './uses.ts';

const policyName = 'ec2-image';

/** What is wrong with the service role: the commands differ, and CloudFormation cannot change a role that it did not make. */
export function roleFix(scene: Scene, use: RoleUse): (problem: 'missing' | 'trust' | 'policy') => Fix {
  const { role } = use;
  const scope = roleScope(scene, use);
  const [trust, policy] = [createRoleTrust(scope), createRolePolicy(scope)];
  const put = [
    ...['iam', 'put-role-policy', '--role-name', role, '--policy-name', policyName],
    ...['--policy-document', JSON.stringify(policy)],
  ];
  return (problem) => {
    switch (problem) {
      case 'missing':
        return {
          what: `create the service role ${role}`,
          commands: [
            [
              'iam',
              'create-role',
              '--role-name',
              role,
              '--assume-role-policy-document',
              JSON.stringify(trust),
            ],
            put,
          ],
          resources: {
            [logicalId('role', role)]: {
              Type: 'AWS::IAM::Role',
              Properties: {
                RoleName: role,
                AssumeRolePolicyDocument: trust,
                Policies: [{ PolicyName: policyName, PolicyDocument: policy }],
              },
            },
          },
        };
      case 'trust':
        return {
          what: `let VM Import assume the role ${role}`,
          commands: [
            [
              'iam',
              'update-assume-role-policy',
              '--role-name',
              role,
              '--policy-document',
              JSON.stringify(trust),
            ],
            put,
          ],
        };
      case 'policy':
        return {
          what: `let the role ${role} read the disks and make snapshots`,
          commands: [put],
          resources: {
            [logicalId('policy of role', role)]: {
              Type: 'AWS::IAM::RolePolicy',
              Properties: { RoleName: role, PolicyName: policyName, PolicyDocument: policy },
            },
          },
        };
    }
  };
}

function roleScope(
  { account, region }: Scene,
  { bucket, keyPrefix, objectKey, snapshotKey, role }: RoleUse,
): PolicyScope {
  return {
    regions: [region],
    buckets: bucket === undefined ? [] : [bucket],
    keyPrefixes: [keyPrefix],
    account,
    roleName: role,
    objectKeys: objectKey ? [objectKey.arn] : [],
    snapshotKeys: snapshotKey ? [snapshotKey.arn] : [],
  };
}

/** For whoever calls: a user, or the role behind the session. Of SSO, permission sets are not IAM's to change. */
export function callerFix(
  { account, region, caller }: Scene,
  { via, bucket, keyPrefix, role }: Place,
  keys: Pick<PolicyScope, 'objectKeys' | 'snapshotKeys'> = {},
): Fix | undefined {
  const [, kind, name] = /:(user|role)\/(?:.*\/)?([^/]+)$/.exec(caller.source ?? '') ?? [];
  if (name === undefined || caller.source?.includes(':role/aws-reserved/')) return undefined;
  const policy = createPolicy([`import-${via}`], {
    ...{ regions: [region], buckets: bucket === undefined ? [] : [bucket], keyPrefixes: [keyPrefix] },
    ...{ account, roleName: role, ...keys },
  });
  const PolicyName = `ec2-image-import-${via}`;
  return {
    what: `give the ${kind} ${name} the permissions of an import`,
    commands: [
      [
        ...['iam', `put-${kind}-policy`, `--${kind}-name`, name, '--policy-name', PolicyName],
        ...['--policy-document', JSON.stringify(policy)],
      ],
    ],
    resources: {
      [logicalId('import of', kind!, name, via)]: {
        Type: kind === 'user' ? 'AWS::IAM::UserPolicy' : 'AWS::IAM::RolePolicy',
        Properties: {
          [kind === 'user' ? 'UserName' : 'RoleName']: name,
          PolicyName,
          PolicyDocument: policy,
        },
      },
    },
  };
}

/** With ACLs and public access off, as S3 makes buckets. */
export function bucketFix({ region }: Scene, bucket: string): Fix {
  return {
    what: `create the bucket ${bucket} in ${region}`,
    commands: [
      [
        ...['s3api', 'create-bucket', '--bucket', bucket],
        // The oldest region has none.
        ...(region === 'us-east-1' ? [] : ['--create-bucket-configuration', `LocationConstraint=${region}`]),
      ],
    ],
    resources: {
      [logicalId('bucket', bucket)]: {
        Type: 'AWS::S3::Bucket',
        DeletionPolicy: 'Retain',
        Properties: {
          BucketName: bucket,
          LifecycleConfiguration: {
            Rules: [
              {
                Id: 'ec2-image',
                Status: 'Enabled',
                AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
              },
            ],
          },
        },
      },
    },
  };
}

/** Undefined for a state that passes, or that no call ends. */
export function keyFix({ key, state }: { readonly key: string; readonly state: string }): Fix | undefined {
  const on = ['--key-id', key];
  if (state !== 'Disabled' && state !== 'PendingDeletion') return undefined;
  return {
    what: `enable the KMS key ${key}`,
    commands: [
      ...(state === 'PendingDeletion' ? [['kms', 'cancel-key-deletion', ...on]] : []),
      ['kms', 'enable-key', ...on],
    ],
  };
}
