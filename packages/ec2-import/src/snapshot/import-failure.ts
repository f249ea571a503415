import type { ErrorCode } from '@ec2-image/explained-error';
import { Ec2ImportError } from '../errors.ts';
import { type FailureKind, isWorthRetrying } from './import-task.ts';

const codes: Readonly<Record<FailureKind, ErrorCode>> = {
  kms: 'KMS_KEY_UNUSABLE',
  permission: 'IMPORT_NOT_PERMITTED',
  'bucket-region': 'IMPORT_BUCKET_ELSEWHERE',
  'object-missing': 'IMPORT_OBJECT_MISSING',
  format: 'IMPORT_FORMAT_REFUSED',
  cancelled: 'IMPORT_CANCELLED',
  validation: 'IMPORT_FAILED',
  unknown: 'IMPORT_FAILED',
};

interface HintFacts {
  readonly bucket: string;
  readonly roleName: string;
  readonly kmsKey?: string;
}

const hints: Readonly<Record<FailureKind, (about: HintFacts) => string>> = {
  kms: ({ bucket, roleName, kmsKey }) =>
    `Check that ${kmsKey === undefined ? 'the KMS key of the snapshot' : `the KMS key ${kmsKey}`} (and that of ${bucket}, if it has one) exists in this region and is enabled, and allow the role ${roleName} and these credentials to use it: kms:CreateGrant, kms:Decrypt, kms:DescribeKey, kms:Encrypt, kms:GenerateDataKey*, kms:ReEncrypt*.`,
  permission: ({ bucket, roleName }) =>
    `Give the role ${roleName} a trust policy for vmie.amazonaws.com with sts:ExternalId "vmimport", s3:GetObject, s3:GetBucketLocation and s3:ListBucket on ${bucket}, and its KMS keys where the bucket or the snapshot is encrypted`,
  'bucket-region': ({ bucket }) =>
    `Use a bucket in the region of the import: ${bucket} is in another. Then run again.`,
  'object-missing': ({ bucket }) =>
    `Make sure nothing else deletes objects in ${bucket}, then run the same command again: it uploads the disk again.`,
  format: () =>
    'Try another --format (raw is taken as it is); if that fails too, report the message and the image.',
  cancelled: () => 'Somebody cancelled the import task. Run the same command again to start another.',
  validation: () =>
    'The disk is proven equal to its source, so run the same command again later, or with another --format.',
  unknown: () =>
    "Look up the message in AWS's VM Import/Export troubleshooting guide, then run the same command again.",
};

/** Where the hint must name what AWS's message does not. */
export interface ImportSource {
  readonly bucket?: string;
  readonly roleName?: string;
  /** That the snapshot was to be encrypted with. */
  readonly kmsKey?: string;
}

/** An import that EC2 ended, or would not start. `retryable` says whether another attempt has been seen to help. */
export function importFailure({
  kind,
  message,
  importTaskId,
  snapshotId,
  status,
  source: { bucket = 'the bucket', roleName = 'vmimport', kmsKey } = {},
  cause,
}: {
  kind: FailureKind;
  message: string;
  importTaskId?: string;
  snapshotId?: string;
  status?: string;
  source?: ImportSource;
  cause?: unknown;
}): Ec2ImportError {
  const what = importTaskId ? `import task ${importTaskId} failed` : 'EC2 did not start the import';
  return new Ec2ImportError(codes[kind], `${what}: ${message}`, {
    hint: hints[kind]({ bucket, roleName, kmsKey }),
    cause,
    facts: {
      kind,
      retryable: isWorthRetrying(kind),
      importTaskId,
      snapshotId,
      status,
      statusMessage: message,
      ...(kind === 'kms' && { kmsKey }),
    },
  });
}

export function isRetryable(error: unknown): error is Ec2ImportError {
  return error instanceof Ec2ImportError && error.facts.retryable === true;
}
