import {
  awsErrorFacts,
  formatAwsError,
  hasAwsCode,
  isAccessDenied,
  isAmbiguous,
  isCredentialsError,
  isThrottling,
} from '@ec2-image/aws-call';
import { ExplainedError } from '@ec2-image/explained-error';

export class EbsDirectError extends ExplainedError {
  override name = 'EbsDirectError';
}

/** Worth another try: no answer, a failure inside the service, a refusal that passes, or a clock that the SDK has set right meanwhile. */
export function isPassing(error: unknown): boolean {
  const { $metadata } = error as { $metadata?: { clockSkewCorrected?: boolean } };
  return isAmbiguous(error) || isTransientRefusal(error) || $metadata?.clockSkewCorrected === true;
}

/** The account asks too much at a time, in whichever words. */
export function isThrottled(error: unknown): boolean {
  return isThrottling(error) || hasAwsCode(error, 'ConcurrentLimitExceededException');
}

/** Beside the code of a ValidationException: https://docs.aws.amazon.com/ebs/latest/APIReference/API_ValidationException.html */
const transientReasons: ReadonlySet<string> = new Set(['WRITE_REQUEST_TIMEOUT', 'CONFLICTING_BLOCK_UPDATE']);

/**
 * Answered with 400, and yet the same request may succeed: a block that did not come through in time, or that another
 * writer is writing. https://docs.aws.amazon.com/ebs/latest/userguide/error-retries.html
 */
export function isTransientRefusal(error: unknown): boolean {
  if (!hasAwsCode(error, 'ValidationException')) return false;
  return (
    transientReasons.has(reasonOf(error) ?? '') ||
    /failed to read block data/i.test(awsErrorFacts(error)?.awsMessage ?? '')
  );
}

/** Whether fewer requests at a time may help: the service or the line has more than it can take. */
export function isOverload(error: unknown): boolean {
  return isThrottled(error) || isTransientRefusal(error) || (error as Error).name === 'TimeoutError';
}

function reasonOf(error: unknown): string | undefined {
  const { Reason } = error as { Reason?: unknown };
  return typeof Reason === 'string' ? Reason : undefined;
}

/** The snapshot is not there. The same code with another reason is about the KMS key. */
export function isNotFound(error: unknown): boolean {
  return (
    hasAwsCode(error, 'ResourceNotFoundException') &&
    (reasonOf(error) ?? 'SNAPSHOT_NOT_FOUND') === 'SNAPSHOT_NOT_FOUND'
  );
}

/** EBS words a block that arrived with other bytes than its checksum says as a signature that does not match. */
export function isChecksumRefused(error: unknown): boolean {
  return (
    hasAwsCode(error, 'InvalidSignatureException') && /checksum/i.test(awsErrorFacts(error)?.awsMessage ?? '')
  );
}

/** The snapshot takes no more blocks, as when it is being completed. */
export function isRefusedByState(error: unknown): boolean {
  if (isTransientRefusal(error)) return false;
  return (
    hasAwsCode(error, 'ConflictException') ||
    (hasAwsCode(error, 'ValidationException') &&
      (reasonOf(error) ?? 'INVALID_SNAPSHOT_ID') === 'INVALID_SNAPSHOT_ID')
  );
}

/** What AWS refused, or never answered, in words. Anything the service did not say comes back as it is. */
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
      hint:
        reasonOf(error) === 'DEPENDENCY_ACCESS_DENIED'
          ? 'Allow the use of the KMS key in its key policy and in the policy of the user or role.'
          : `Allow ebs:${operation} in the policy of the user or role.`,
      cause: error,
      facts,
    });
  }
  if (isThrottled(error)) {
    return new EbsDirectError('THROTTLED', `AWS kept throttling: ${about}`, {
      hint: 'Run the same command again later to resume.',
      cause: error,
      facts,
    });
  }
  if (isTransientRefusal(error)) {
    return new EbsDirectError('BLOCK_REFUSED', `EBS kept refusing: ${about}`, {
      hint: 'Check the network, which may be too slow, then run the same command again to resume.',
      cause: error,
      facts,
    });
  }
  if (
    operation === 'PutSnapshotBlock' &&
    hasAwsCode(error, 'ValidationException') &&
    !isRefusedByState(error)
  ) {
    return new EbsDirectError('BLOCK_REFUSED', `EBS refuses a block: ${about}`, {
      hint: 'Use --via s3, and report this.',
      cause: error,
      facts,
    });
  }
  if (isAmbiguous(error)) {
    return new EbsDirectError('AWS_UNREACHABLE', `cannot reach EBS: ${about}`, {
      hint: 'Check the network, then run the same command again to resume.',
      cause: error,
      facts,
    });
  }
  if (hasAwsCode(error, 'ServiceQuotaExceededException')) {
    return new EbsDirectError('QUOTA_EXCEEDED', `the account's quota is used up: ${about}`, {
      hint: 'Wait for pending snapshots to end, or have the EBS direct quota raised.',
      cause: error,
      facts,
    });
  }
  return error;
}
