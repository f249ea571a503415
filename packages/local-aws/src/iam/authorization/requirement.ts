import type { PolicyDocument } from '@ec2-image/iam-policy';

/** One action that a call needs, on one resource. */
export interface Requirement {
  /** `ec2:RegisterImage`. */
  readonly action: string;
  /** An ARN, or `*`. */
  readonly resource: string;
  /** Condition keys beside the global ones. */
  readonly context?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  readonly resourcePolicy?: PolicyDocument | undefined;
  /** A KMS key: its policy must let the caller in. */
  readonly resourceMustAllow?: boolean;
  /** Where the resource is not the caller's own. */
  readonly resourceAccountId?: string;
}

/** What a call is, for the tables of requirements. */
export interface Asked {
  readonly operation: string;
  /** As the log shows them: `TagSpecification.1.Tag.1.Key`. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly region: string;
  readonly accountId: string;
  /** `aws`, `aws-cn`, … */
  readonly partition: string;
  /** The type that the shape of an EC2 resource's id says it has. */
  typeOf(id: string): string | undefined;
  /** The tags of an EC2 resource, empty where there is none. */
  tagsOf(id: string): readonly { readonly key: string; readonly value: string }[];
  /** A bucket's own policy. */
  bucketPolicy(bucket: string): PolicyDocument | undefined;
  /** By which an open multipart upload asked for its encryption. */
  uploadHeaders(uploadId: string): Readonly<Record<string, string>>;
  /** A KMS key of the caller's region, by whatever names it. */
  keyOf(
    id: string,
  ): { readonly arn: string; readonly policy: string; readonly aliases: readonly string[] } | undefined;
  /** `/` unless the role has another. */
  rolePath(name: string): string;
}

/** The partition that a region belongs to. */
export function partitionOf(region: string): string {
  const prefix = /^(cn|us-gov|eusc|us-iso[a-z]*|eu-isoe)-/.exec(region)?.[1];
  return prefix ? (partitions[prefix] ?? `aws-${prefix.replace('us-iso', 'iso')}`) : 'aws';
}

const partitions: Readonly<Record<string, string>> = {
  cn: 'aws-cn',
  'us-gov': 'aws-us-gov',
  eusc: 'aws-eusc',
  'eu-isoe': 'aws-iso-e',
};

/** The values of a list of the Query protocol: `ResourceId.1`, `ResourceId.2`. */
export function listed(parameters: Asked['parameters'], pattern: RegExp): string[] {
  return Object.entries(parameters).flatMap(([name, value]) => (pattern.test(name) ? value : []));
}
