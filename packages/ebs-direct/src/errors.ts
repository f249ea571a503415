import { isAwsCallError, isTransient, refusedCodeOf } from '@ec2-image/aws-call';
import { ExplainedError } from '@ec2-image/explained-error';

/** A snapshot that cannot be written, or is not what it should be. What becomes of a call to AWS is an AwsCallError. */
export class EbsDirectError extends ExplainedError {
  override name = 'EbsDirectError';
}

function reasonOf(error: unknown): string | undefined {
  return isAwsCallError(error) ? error.facts.reason : undefined;
}

/** Whether fewer requests at a time may help: the service or the line has more than it can take. */
export function isOverload(error: unknown): boolean {
  return (
    isAwsCallError(error, 'THROTTLED') ||
    isTransientRefusal(error) ||
    (isAwsCallError(error, 'AWS_UNREACHABLE') && (error.cause as Error).name === 'TimeoutError')
  );
}

/** Answered, but with an error after which the same request may succeed. */
export function isTransientRefusal(error: unknown): boolean {
  return isAwsCallError(error, 'AWS_REFUSED') && isTransient(error);
}

/** The snapshot does not exist. The same code with another reason is about the KMS key. */
export function isNotFound(error: unknown): boolean {
  return (
    refusedCodeOf(error) === 'ResourceNotFoundException' &&
    (reasonOf(error) ?? 'SNAPSHOT_NOT_FOUND') === 'SNAPSHOT_NOT_FOUND'
  );
}

/** The block arrived with other bytes than its checksum says: of a signature, the same code is about the credentials. */
export function isChecksumRefused(error: unknown): boolean {
  return refusedCodeOf(error) === 'InvalidSignatureException';
}

/** The snapshot takes no more blocks, as when it is being completed. */
export function isRefusedByState(error: unknown): boolean {
  const code = refusedCodeOf(error);
  return (
    code === 'ConflictException' ||
    (code === 'ValidationException' && (reasonOf(error) ?? 'INVALID_SNAPSHOT_ID') === 'INVALID_SNAPSHOT_ID')
  );
}

/** A block that could not be stored, where that is about the block; every other error comes back as it is. */
export function explainPut(
  error: unknown,
  { snapshotId, index }: { readonly snapshotId: string; readonly index: number },
): unknown {
  const facts = { snapshotId, blockIndex: index };
  if (isChecksumRefused(error)) {
    return new EbsDirectError(
      'BLOCK_DAMAGED',
      `block ${index} of ${snapshotId} reached EBS with other bytes than its checksum says: ${(error as Error).message}`,
      {
        hint: 'Check the network, proxies included.',
        resumable: true,
        cause: error,
        facts,
      },
    );
  }
  if (isTransientRefusal(error)) {
    return new EbsDirectError('BLOCK_REFUSED', `EBS kept refusing a block: ${(error as Error).message}`, {
      hint: 'Check the network, which may be too slow.',
      resumable: true,
      cause: error,
      facts,
    });
  }
  if (refusedCodeOf(error) === 'ValidationException' && !isRefusedByState(error)) {
    return new EbsDirectError('BLOCK_REFUSED', `EBS refuses a block: ${(error as Error).message}`, {
      hint: 'Use --via s3, and report this.',
      cause: error,
      facts,
    });
  }
  return error;
}
