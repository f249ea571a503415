/** What a permission is given on. */
export type Target =
  /** Actions that know no resources. */
  | 'anything'
  | 'bucket'
  /** Those under the key prefix. */
  | 'objects'
  | 'images'
  | 'snapshots'
  | 'import-tasks'
  | 'instances'
  /** What RunInstances makes of, or uses for, an instance: subnets and security groups are anybody's. */
  | 'instance-parts'
  | 'role'
  /** SSM parameters, whatever their names. */
  | 'parameters'
  /** KMS keys that snapshots are encrypted with; without one, the statement is left out. */
  | 'snapshot-keys'
  /** KMS keys that objects are encrypted with, by request or by the bucket. */
  | 'object-keys';

/** One statement of a policy, before it is known for which bucket and region. */
export interface Permission {
  /** As the statement's `Sid`. */
  readonly purpose: string;
  readonly actions: readonly string[];
  readonly on: readonly Target[];
  readonly condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** Everything that has a policy of its own: an import needs other permissions by each of its ways. */
export type PolicyName =
  | 'import-s3'
  | 'import-ebs'
  | 'own-snapshot'
  | 'publish'
  | 'verify'
  | 'boot-test'
  | 'plan'
  | 'plan-publish'
  | 'list'
  | 'status'
  | 'janitor'
  | 'retire'
  | 'tag-fix'
  | 'init'
  | 'doctor';
