/** The names by which messages call the services, and the prefix of their actions in a policy. */
export const services = {
  EC2: 'ec2',
  S3: 's3',
  EBS: 'ebs',
  IAM: 'iam',
  STS: 'sts',
  SSM: 'ssm',
  KMS: 'kms',
  SSO: 'sso',
  'Auto Scaling': 'autoscaling',
  'Service Quotas': 'servicequotas',
} as const;

export type ServiceName = keyof typeof services;

/** Where an operation is allowed by actions of other names. */
const otherActions: Readonly<Record<string, readonly string[]>> = {
  // Without ListBucket S3 answers 403, not 404, for an object that is not there.
  's3:HeadObject': ['s3:GetObject', 's3:ListBucket'],
  's3:HeadBucket': ['s3:ListBucket'],
  's3:ListBuckets': ['s3:ListAllMyBuckets'],
  's3:ListObjectsV2': ['s3:ListBucket'],
  's3:CreateMultipartUpload': ['s3:PutObject'],
  's3:UploadPart': ['s3:PutObject'],
  's3:CompleteMultipartUpload': ['s3:PutObject'],
  's3:ListParts': ['s3:ListMultipartUploadParts'],
  's3:ListMultipartUploads': ['s3:ListBucketMultipartUploads'],
  's3:ListObjectVersions': ['s3:ListBucketVersions'],
};

/** The actions that a policy must allow for an operation to pass, such as `ec2:ImportSnapshot`. */
export function actionsOf(service: ServiceName, operation: string): readonly string[] {
  const action = `${services[service]}:${operation}`;
  return otherActions[action] ?? [action];
}
