import {
  awsErrorFacts,
  formatAwsError,
  hasAwsCode,
  isAccessDenied,
  isAmbiguous,
  isCredentialsError,
} from '@ec2-image/aws-call';
import { ExplainedError } from '@ec2-image/explained-error';

export class EbsDirectError extends ExplainedError {
  override name = 'EbsDirectError';
}

export function nbdFailed(what: string): EbsDirectError {
  return new EbsDirectError('NBD_FAILED', `qemu-nbd gave ${what}`, {
    hint: 'Run the same command again; if it stays so, convert first and give the raw disk.',
  });
}

/** Worth another try: no answer, a failure inside the service, or a clock that the SDK has set right meanwhile. */
export function isPassing(error: unknown): boolean {
  const { $metadata } = error as { $metadata?: { clockSkewCorrected?: boolean } };
  return isAmbiguous(error) || $metadata?.clockSkewCorrected === true;
}

export function isNotFound(error: unknown): boolean {
  return hasAwsCode(error, 'ResourceNotFoundException');
}

/** EBS words a block that arrived with other bytes than its checksum says as a signature that does not match. */
export function isChecksumRefused(error: unknown): boolean {
  return (
    hasAwsCode(error, 'InvalidSignatureException') && /checksum/i.test(awsErrorFacts(error)?.awsMessage ?? '')
  );
}

/** The snapshot takes no more blocks, as when it is being completed. */
export function isRefusedByState(error: unknown): boolean {
  return hasAwsCode(error, 'ValidationException', 'ConflictException');
}

/** What AWS refused for good, in words. Anything the service did not say comes back as it is. */
export function explainCall(
  error: unknown,
  { operation, snapshotId }: { readonly operation: string; readonly snapshotId?: string },
): unknown {
  const about = `${operation}${snapshotId ? ` of ${snapshotId}` : ''}: ${formatAwsError(error)}`;
  const facts = { operation, snapshotId };
  if (isCredentialsError(error)) {
    const expired = /expired/i.test(about);
    return new EbsDirectError(
      expired ? 'CREDENTIALS_EXPIRED' : 'CREDENTIALS_REFUSED',
      `${expired ? 'the AWS credentials have expired' : 'AWS does not take the credentials'}: ${about}`,
      {
        hint: 'Renew them, then run the same command again: it goes on where this run stopped.',
        cause: error,
        facts,
      },
    );
  }
  if (isAccessDenied(error)) {
    return new EbsDirectError('ACCESS_DENIED', `not allowed: ${about}`, {
      hint: `Allow ebs:${operation} in the policy of the user or role.`,
      cause: error,
      facts,
    });
  }
  if (hasAwsCode(error, 'ServiceQuotaExceededException', 'ConcurrentLimitExceededException')) {
    return new EbsDirectError('QUOTA_EXCEEDED', `the account's quota is used up: ${about}`, {
      hint: 'Wait for pending snapshots to end, or have the EBS direct quota raised.',
      cause: error,
      facts,
    });
  }
  return error;
}
