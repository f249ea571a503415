import { createHash } from 'node:crypto';
import type { PolicyName } from '../iam/permission.ts';
import { createPolicy, importPolicies } from '../iam/policy-document.ts';
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

interface CallerPolicy {
  readonly names: readonly PolicyName[];
  /** What they are for, after "the permissions of". */
  readonly purpose: string;
  readonly policyName: string;
  readonly scope: Omit<PolicyScope, 'regions' | 'account'> & Partial<Pick<PolicyScope, 'regions'>>;
}

/** For whoever calls: a user, or the role behind the session. Of SSO, permission sets are not IAM's to change. */
function callerFix(
  { account, region, partition, caller }: Scene,
  { names, purpose, policyName: PolicyName, scope }: CallerPolicy,
): Fix | undefined {
  const [, kind, name] = /:(user|role)\/(?:.*\/)?([^/]+)$/.exec(caller.source ?? '') ?? [];
  if (name === undefined || caller.source?.includes(':role/aws-reserved/')) return undefined;
  const policy = createPolicy(names, { regions: [region], account, ...scope });
  const document = JSON.stringify(policy);
  const what = `give the ${kind} ${name} the permissions of ${purpose}`;
  const id = logicalId(...names, 'of', name);
  if (kind === 'role') {
    const put = ['iam', 'put-role-policy', '--role-name', name, '--policy-name', PolicyName];
    return {
      what,
      commands: [[...put, '--policy-document', document]],
      resources: {
        [id]: {
          Type: 'AWS::IAM::RolePolicy',
          Properties: { RoleName: name, PolicyName, PolicyDocument: policy },
        },
      },
    };
  }
  // All inline policies of a user have room for 2,048 characters together. A policy of this name may be there already.
  const own = `${PolicyName}-${createHash('sha256').update(document).digest('hex').slice(0, 8)}`;
  const arn = `arn:${partition}:iam::${account}:policy/${own}`;
  return {
    what,
    commands: [
      ['iam', 'create-policy', '--policy-name', own, '--policy-document', document],
      ['iam', 'attach-user-policy', '--user-name', name, '--policy-arn', arn],
    ],
    resources: {
      [id]: { Type: 'AWS::IAM::ManagedPolicy', Properties: { Users: [name], PolicyDocument: policy } },
    },
  };
}

/** What an import of this kind needs, its keys included. */
export function importerFix(
  scene: Scene,
  { via, bucket, keyPrefix, role, publishesTo, bootTest, ownSnapshot }: Place,
  keys: Pick<PolicyScope, 'objectKeys' | 'snapshotKeys'>,
): Fix | undefined {
  return callerFix(scene, {
    names: [
      ...importPolicies({ via, bootTest, ownSnapshot }),
      ...(publishesTo ? (['publish'] as const) : []),
    ],
    purpose: 'an import',
    policyName: `ec2-image-import-${via}`,
    scope: {
      buckets: bucket === undefined ? [] : [bucket],
      keyPrefixes: [keyPrefix],
      roleName: role,
      ...(publishesTo && { regions: publishesTo.includes('all') ? [] : [scene.region, ...publishesTo] }),
      ...keys,
    },
  });
}

/** What publishing needs in every region that the images go to. */
export function publisherFix(scene: Scene, places: readonly Place[]): Fix | undefined {
  const regions = places.flatMap(({ session, publishesTo }) =>
    publishesTo ? [session.region ?? scene.region, ...publishesTo] : [],
  );
  const kmsKeys = places.flatMap(({ kmsKey }) => kmsKey ?? []);
  return callerFix(scene, {
    names: ['publish'],
    purpose: 'publish',
    policyName: 'ec2-image-publish',
    scope: {
      buckets: [],
      keyPrefixes: [],
      regions: regions.includes('all') ? [] : [...new Set(regions)],
      snapshotKeys: [...new Set(kmsKeys)],
    },
  });
}

export function retirerFix(scene: Scene): Fix | undefined {
  return callerFix(scene, {
    names: ['retire'],
    purpose: 'retire',
    policyName: 'ec2-image-retire',
    scope: { buckets: [], keyPrefixes: [] },
  });
}

/** What doctor reads, where these credentials may not; it asks for one role at a time. */
export function lookFix(scene: Scene, places: readonly Place[]): Fix | undefined {
  const distinct = <T>(values: readonly (T | undefined)[]) => [
    ...new Set(values.filter((value) => value !== undefined)),
  ];
  return callerFix(scene, {
    names: ['doctor'],
    purpose: 'doctor',
    policyName: 'ec2-image-doctor',
    scope: {
      buckets: distinct(places.map(({ bucket }) => bucket)),
      keyPrefixes: distinct(places.map(({ keyPrefix }) => keyPrefix)),
      roleName: distinct(places.map(({ role }) => role))[0],
    },
  });
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
