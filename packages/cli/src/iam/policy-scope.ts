import type { Target } from './permission.ts';
import type { SourceObject } from './source-objects.ts';

/** What a policy is for; a place that is not known is any. */
export interface PolicyScope {
  /** They say which partitions it is for. */
  readonly regions: readonly string[];
  readonly buckets: readonly string[];
  readonly keyPrefixes: readonly string[];
  readonly account?: string | undefined;
  /** Of the imports. Default `vmimport`. */
  readonly roleName?: string | undefined;
  /** Key ids, aliases, or the ARNs of either. */
  readonly snapshotKeys?: readonly string[];
  readonly objectKeys?: readonly string[];
  /** What the images of an import come from. */
  readonly sources?: readonly SourceObject[];
}

export interface Statement {
  readonly Sid: string;
  readonly [name: string]: unknown;
}

/** Who owns an image or a snapshot stands in none of their ARNs. */
export function targetArns(target: Target, scope: PolicyScope): string[] {
  const { regions, buckets, keyPrefixes, account = '*', roleName = 'vmimport' } = scope;
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
    case 'instances':
      return inRegions('instance/*', account);
    case 'instance-parts':
      return ['volume', 'network-interface', 'security-group', 'subnet'].flatMap((type) =>
        inRegions(`${type}/*`, account),
      );
    case 'parameters':
      return (regions.length > 0 ? regions : ['*']).map(
        (region) => `arn:${partitionOf(region)}:ssm:${region}:${account}:parameter/*`,
      );
    case 'role':
      return partitionsOf(regions).map((partition) => `arn:${partition}:iam::${account}:role/${roleName}`);
    case 'snapshot-keys':
      return keyArns(scope.snapshotKeys ?? [], scope);
    case 'object-keys':
      return keyArns(scope.objectKeys ?? [], scope);
  }
}

/** Those of all regions; `aws` where none is known. */
export function partitionsOf(regions: readonly string[]): string[] {
  return regions.length > 0 ? [...new Set(regions.map(partitionOf))] : ['aws'];
}

export function partitionOf(region: string): string {
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

export function keyArns(keys: readonly string[], { regions, account = '*' }: PolicyScope): string[] {
  return keys.flatMap((key) =>
    key.startsWith('arn:')
      ? key
      : (regions.length > 0 ? regions : ['*']).map(
          (region) => `arn:${partitionOf(region)}:kms:${region}:${account}:key/${key}`,
        ),
  );
}
