import {
  awsErrorFacts,
  formatAwsError,
  isAccessDenied,
  isAmbiguous,
  isCredentialsError,
  isThrottling,
} from '@ec2-image/aws-error';
import { ExplainedError } from '@ec2-image/explained-error';

export class S3UploadError extends ExplainedError {
  override name = 'S3UploadError';
}

/** What a policy must allow for an operation to pass, where that is not its own name. */
const permissions: Readonly<Record<string, string>> = {
  // Without ListBucket S3 answers 403, not 404, for an object that is not there.
  HeadObject: 's3:GetObject and s3:ListBucket',
  HeadBucket: 's3:ListBucket',
  CreateMultipartUpload: 's3:PutObject',
  UploadPart: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  ListParts: 's3:ListMultipartUploadParts',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
};

/**
 * What S3 answered to one call, or that it did not, as an error with a hint. Anything that neither S3 nor the
 * SDK said (a bug, an abort) comes back as it is.
 *
 * Codes: `CREDENTIALS_EXPIRED`, `CREDENTIALS_REFUSED`, `ACCESS_DENIED`, `THROTTLED`, `S3_UNREACHABLE` (whether
 * the call was carried out is not known) and `S3_REFUSED`; fields `operation`, `awsCode`, `httpStatus`, `requestId`.
 */
export function explainCall({ error, operation }: { error: unknown; operation: string }): unknown {
  const answer = awsErrorFacts(error);
  const said = `${operation}: ${formatAwsError(error).replace(/\s+/g, ' ')}`;
  const { awsCode, httpStatus, requestId } = answer ?? {};
  const rest = { cause: error, facts: { operation, awsCode, httpStatus, requestId } };
  if (isCredentialsError(error)) {
    return /expired/i.test(said)
      ? new S3UploadError('CREDENTIALS_EXPIRED', `the AWS credentials have expired: ${said}`, {
          hint: 'Renew them (for example `aws sso login`) and run the same command again; it goes on where it stopped.',
          ...rest,
        })
      : new S3UploadError('CREDENTIALS_REFUSED', `the AWS credentials are missing or not accepted: ${said}`, {
          hint: 'Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, to credentials of the account.',
          ...rest,
        });
  }
  if (isThrottling(error)) {
    return new S3UploadError('THROTTLED', `S3 is throttling these requests: ${said}`, {
      hint: 'Wait a few minutes and run the same command again; it goes on where it stopped.',
      ...rest,
    });
  }
  // An answer of 2xx that could not be read says nothing about what was done, as a broken connection does not.
  // 501 says something: it was not done, and will not be.
  if ((isAmbiguous(error) && httpStatus !== 501) || (httpStatus !== undefined && httpStatus < 300)) {
    return new S3UploadError('S3_UNREACHABLE', `no clear answer from S3: ${said}`, {
      hint: 'Check the network, then run the same command again; it goes on where it stopped.',
      ...rest,
    });
  }
  if (!answer) return error;
  if (isAccessDenied(error)) {
    return new S3UploadError('ACCESS_DENIED', `these credentials may not call s3:${said}`, {
      hint: `Allow ${permissions[operation] ?? `s3:${operation}`} on the bucket (and its key in KMS, where it has one), then run the same command again.`,
      ...rest,
    });
  }
  return new S3UploadError('S3_REFUSED', `S3 refused ${said}`, {
    hint: "See S3's message; correct what it names, then run the same command again.",
    ...rest,
  });
}

export function isCode(error: unknown, ...codes: readonly string[]): error is S3UploadError {
  return error instanceof S3UploadError && codes.includes(error.code);
}

/** Nobody knows whether the call was carried out: S3 must be asked. */
export function isUnclear(error: unknown): boolean {
  return isCode(error, 'THROTTLED', 'S3_UNREACHABLE');
}

/** S3's own code of a call that it answered with an error, such as `NoSuchUpload`. */
export function awsCodeOf(error: unknown): string | undefined {
  return error instanceof S3UploadError ? (error.facts.awsCode as string | undefined) : undefined;
}

export function httpStatusOf(error: unknown): number | undefined {
  return error instanceof S3UploadError ? (error.facts.httpStatus as number | undefined) : undefined;
}
