import { cleanupPermissions } from './cleanup-permissions.ts';
import { importEbsPermissions, importS3Permissions, verifyPermissions } from './import-permissions.ts';
import type { Permission, PolicyName, Target } from './permission.ts';
import type { SourceObject } from './source-objects.ts';

/** What a policy is for; a place that is not known is any. */
export interface PolicyScope {
  /** They say which partitions it is for. */
  readonly regions: readonly string[];
  readonly buckets: readonly string[];
  readonly keyPrefixes: readonly string[];
  readonly account?: string | undefined;
  /** What the images of an import come from. */
  readonly sources?: readonly SourceObject[];
}

export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly object[];
}

/** The one table of what each command is allowed: documents, the command and its tests come from it. */
export const permissionTable: Readonly<Record<PolicyName, readonly Permission[]>> = {
  'import-s3': importS3Permissions,
  'import-ebs': importEbsPermissions,
  verify: verifyPermissions,
  ...cleanupPermissions,
};

/** The least policy for all of these together; a statement that several have stands there once. */
export function createPolicy(names: readonly PolicyName[], scope: PolicyScope): PolicyDocument {
  const statements = names
    .flatMap((name) => permissionTable[name])
    .map((permission) => createStatement(permission, scope))
    .concat(names.some((name) => name.startsWith('import-')) ? readSources(scope) : []);
  const distinct = new Map(statements.map((statement) => [JSON.stringify(statement), statement]));
  return { Version: '2012-10-17', Statement: withDistinctSids([...distinct.values()]) };
}

interface Statement {
  readonly Sid: string;
  readonly [name: string]: unknown;
}

function createStatement({ purpose, actions, on, condition }: Permission, scope: PolicyScope): Statement {
  const resources = on.flatMap((target) => arns(target, scope));
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

/** Who owns an image or a snapshot stands in none of their ARNs. */
function arns(target: Target, { regions, buckets, keyPrefixes, account = '*' }: PolicyScope): string[] {
  const inRegions = (resource: string, owner = '') =>
    (regions.length > 0 ? regions : ['*']).map(
      (region) => `arn:${partitionOf(region)}:ec2:${region}:${owner}:${resource}`,
    );
  const named = (buckets.length > 0 ? buckets : ['YOUR-BUCKET']).flatMap((bucket) =>
    partitionsOf(regions).map((partition) => `arn:${partition}:s3:::${bucket}`),
  );
  switch (target) {
    case 'anything':
      return ['*'];
    case 'bucket':
      return named;
    case 'objects':
      return named.flatMap((bucket) => keyPrefixes.map((prefix) => `${bucket}/${prefix}*`));
    case 'images':
      return inRegions('image/*');
    case 'snapshots':
      return inRegions('snapshot/*');
    case 'import-tasks':
      return inRegions('import-snapshot-task/*', account);
  }
}

/** Those of all regions; `aws` where none is known. */
export function partitionsOf(regions: readonly string[]): string[] {
  return regions.length > 0 ? [...new Set(regions.map(partitionOf))] : ['aws'];
}

function partitionOf(region: string): string {
  const prefix = /^(cn|us-gov|eusc|us-iso[a-z]*|eu-iso[a-z]*)-/.exec(region)?.[1];
  if (prefix === undefined) return 'aws';
  return isolated[prefix] ?? `aws-${prefix}`;
}

const isolated: Readonly<Record<string, string>> = {
  'us-iso': 'aws-iso',
  'us-isob': 'aws-iso-b',
  'us-isof': 'aws-iso-f',
  'eu-isoe': 'aws-iso-e',
};
