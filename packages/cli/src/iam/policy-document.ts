import { bootTestPermissions } from './boot-test-permissions.ts';
import { cleanupPermissions } from './cleanup-permissions.ts';
import { doctorPermissions } from './doctor-permissions.ts';
import {
  importEbsPermissions,
  importS3Permissions,
  ownSnapshotPermissions,
  verifyPermissions,
} from './import-permissions.ts';
import { inventoryPermissions } from './inventory-permissions.ts';
import { isOnKeys, keyStatements } from './key-statements.ts';
import type { Permission, PolicyName } from './permission.ts';
import { type PolicyScope, partitionsOf, type Statement, targetArns } from './policy-scope.ts';
import { publishPermissions } from './publish-permissions.ts';

export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly object[];
}

/** The one table of what each command is allowed: documents, the command and its tests come from it. */
export const permissionTable: Readonly<Record<PolicyName, readonly Permission[]>> = {
  'import-s3': importS3Permissions,
  'import-ebs': importEbsPermissions,
  'own-snapshot': ownSnapshotPermissions,
  publish: publishPermissions,
  verify: verifyPermissions,
  'boot-test': bootTestPermissions,
  ...inventoryPermissions,
  ...cleanupPermissions,
  doctor: doctorPermissions,
  // On a terminal alone; what it asks for otherwise is in no account.
  init: [{ purpose: 'OfferTheBuckets', actions: ['s3:ListAllMyBuckets'], on: ['anything'] }],
};

/** Of an import: what its way needs, and what else it is to do. */
export function importPolicies({
  via,
  bootTest,
  ownSnapshot,
}: {
  readonly via: 's3' | 'ebs';
  readonly bootTest: boolean;
  readonly ownSnapshot: boolean;
}): PolicyName[] {
  return [
    `import-${via}`,
    ...(ownSnapshot ? (['own-snapshot'] as const) : []),
    ...(bootTest ? (['boot-test'] as const) : []),
  ];
}

/** The least policy for all of these together; a statement that several have stands there once. */
export function createPolicy(names: readonly PolicyName[], scope: PolicyScope): PolicyDocument {
  const statements = names
    .flatMap((name) => permissionTable[name])
    .flatMap((permission) => createStatements(permission, scope))
    .concat(
      names.some((name) => name.startsWith('plan') || name.startsWith('import-')) ? readSources(scope) : [],
    );
  const distinct = new Map(statements.map((statement) => [JSON.stringify(statement), statement]));
  return { Version: '2012-10-17', Statement: withDistinctSids([...distinct.values()]) };
}

function createStatements(permission: Permission, scope: PolicyScope): Statement[] {
  return isOnKeys(permission) ? keyStatements(permission, scope) : [createStatement(permission, scope)];
}

function createStatement({ purpose, actions, on, condition }: Permission, scope: PolicyScope): Statement {
  const resources = on.flatMap((target) => targetArns(target, scope));
  return {
    Sid: purpose,
    Effect: 'Allow',
    Action: actions,
    Resource: resources.length === 1 ? resources[0] : resources,
    ...(condition && { Condition: condition }),
  };
}

function readSources({ regions, sources = [] }: PolicyScope): Statement[] {
  if (sources.length === 0) return [];
  const arns = sources.flatMap(({ bucket, key }) =>
    partitionsOf(regions).map((partition) => `arn:${partition}:s3:::${bucket}/${key}`),
  );
  return [{ Sid: 'ReadTheImages', Effect: 'Allow', Action: ['s3:GetObject'], Resource: [...new Set(arns)] }];
}

/** Several commands may do the same on other resources; IAM takes a Sid once. */
function withDistinctSids(statements: readonly Statement[]): Statement[] {
  const seen = new Map<string, number>();
  return statements.map((statement) => {
    const count = (seen.get(statement.Sid) ?? 0) + 1;
    seen.set(statement.Sid, count);
    return count === 1 ? statement : { ...statement, Sid: `${statement.Sid}${count}` };
  });
}
