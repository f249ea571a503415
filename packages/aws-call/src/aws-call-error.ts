import { ExplainedError, type Explanation } from '@ec2-image/explained-error';
import { isClockCorrected, isTransientRefusal } from './error-facts.ts';
import type { ServiceName } from './permissions.ts';

/** What can become of a call to any AWS service, when it fails. */
export type AwsCallErrorCode =
  /** The policy of these credentials does not allow it. */
  | 'ACCESS_DENIED'
  /** There are none to send. */
  | 'CREDENTIALS_MISSING'
  | 'CREDENTIALS_EXPIRED'
  /** AWS does not know them, or the signature is wrong. */
  | 'CREDENTIALS_REFUSED'
  /** The signature is of another time than the service's. */
  | 'CLOCK_WRONG'
  /** The account has not subscribed to the service, or not in this region. */
  | 'SERVICE_NOT_ENABLED'
  /** AWS lets the account do nothing. */
  | 'ACCOUNT_BLOCKED'
  /** The key that encrypts is missing, disabled, or of another kind. */
  | 'KMS_KEY_UNUSABLE'
  | 'THROTTLED'
  /** The account has as many of something as it may have; {@link isTransientQuota} tells whether waiting helps. */
  | 'QUOTA_EXCEEDED'
  /** No answer, or one that says nothing: whether the call was carried out is not known. */
  | 'AWS_UNREACHABLE'
  /** No answer from the proxy, or it reaches nothing: the service never got the call. */
  | 'PROXY_UNREACHABLE'
  /** The proxy lets nothing through to the service. */
  | 'PROXY_REFUSED'
  /** Nobody that is trusted vouches for the certificate of whoever answered. */
  | 'TLS_UNTRUSTED'
  /** Whoever answered does not speak TLS. */
  | 'TLS_BROKEN'
  /** The call never left this machine: it has as many files and connections open as it may. */
  | 'TOO_MANY_OPEN_FILES'
  /** The same, of any other error of this machine's system. */
  | 'LOCAL_FAILURE'
  /** Every other error that the service answered with. */
  | 'AWS_REFUSED';

export interface AwsCallFacts {
  readonly service: ServiceName;
  /** Such as `ImportSnapshot`. */
  readonly operation: string;
  /** AWS's own code, such as `NoSuchBucket`. */
  readonly awsCode?: string;
  /** What EBS direct adds to its code, such as `SNAPSHOT_NOT_FOUND`. */
  readonly reason?: string;
  /** Of a denial by EC2: what sts:DecodeAuthorizationMessage takes. */
  readonly encodedMessage?: string;
  readonly httpStatus?: number;
  readonly requestId?: string;
  /** How long there has been no answer, in milliseconds, where the call was repeated for as long as an outage may last. */
  readonly unreachableMs?: number;
  /** The KMS key that it is about, where that is known. */
  readonly kmsKey?: string;
}

/** One call that failed, in words; AWS's own error is its cause. */
export class AwsCallError extends ExplainedError {
  override name = 'AwsCallError';
  declare readonly code: AwsCallErrorCode;
  declare readonly facts: AwsCallFacts & Readonly<Record<string, unknown>>;

  constructor(
    code: AwsCallErrorCode,
    message: string,
    explanation: Omit<Explanation, 'facts'> & { readonly facts: AwsCallFacts },
  ) {
    super(code, message, { ...explanation, facts: { ...explanation.facts } });
  }
}

/** The call itself failed; what it asked about is not known to have. */
export function isAwsCallError(error: unknown, ...codes: readonly AwsCallErrorCode[]): error is AwsCallError {
  return error instanceof AwsCallError && (codes.length === 0 || codes.includes(error.code));
}

/** It is about a KMS key: one that cannot be used, or that these credentials may not use. */
export function isAboutKmsKey(error: unknown): error is AwsCallError {
  return (
    isAwsCallError(error, 'KMS_KEY_UNUSABLE') ||
    (isAwsCallError(error, 'ACCESS_DENIED') && error.message.includes('KMS key'))
  );
}

/** The same error with the key's name, which services rarely tell; every other error comes back as it is. */
export function withKmsKey(error: unknown, kmsKey: string | undefined): unknown {
  if (kmsKey === undefined || !isAboutKmsKey(error)) return error;
  const { code, message, hint, cause, facts } = error;
  if (facts.kmsKey !== undefined) return error;
  return new AwsCallError(code, message.replace('the KMS key', `the KMS key ${kmsKey}`), {
    hint,
    cause,
    facts: { ...facts, kmsKey },
  });
}

/**
 * The same call may succeed in a moment; whether this one was carried out must be looked up. False where it was repeated for
 * as long as an outage may last.
 */
export function isTransient(error: unknown): boolean {
  if (!isAwsCallError(error) || error.facts.unreachableMs !== undefined) return false;
  return (
    error.code === 'THROTTLED' ||
    error.code === 'AWS_UNREACHABLE' ||
    error.code === 'PROXY_UNREACHABLE' ||
    isTransientRefusal(error.cause) ||
    isClockCorrected(error.cause)
  );
}

/** No call succeeds with these credentials, or with what is signed on this machine. */
export function isAboutCredentials(error: unknown): error is AwsCallError {
  return isAwsCallError(
    error,
    ...(['CREDENTIALS_MISSING', 'CREDENTIALS_EXPIRED', 'CREDENTIALS_REFUSED', 'CLOCK_WRONG'] as const),
  );
}

/** AWS's own code of a call that it answered with an error; undefined for anything else. */
export function awsCodeOf(error: unknown): string | undefined {
  return isAwsCallError(error) ? error.facts.awsCode : undefined;
}

/** The same, of a call that was refused for good: neither transient nor perhaps carried out, allowed, and by known credentials. */
export function refusedCodeOf(error: unknown): string | undefined {
  return isAwsCallError(error, 'AWS_REFUSED') && !isTransient(error) ? error.facts.awsCode : undefined;
}

export function httpStatusOf(error: unknown): number | undefined {
  return isAwsCallError(error) ? error.facts.httpStatus : undefined;
}

/** Limits on what an account has under way at a time; all others are on what it keeps. */
const transientQuotas = new Set([
  'ResourceCountExceeded',
  'ResourceCountLimitExceeded',
  'ResourceLimitExceeded',
  'ConcurrentSnapshotLimitExceeded',
  'PendingSnapshotLimitExceeded',
]);

/** EC2 has one code for both: here it counts the public AMIs, none of which ends by itself. */
const lastingQuotas: ReadonlySet<string> = new Set(['ModifyImageAttribute']);

/** Waiting helps: something that is under way has to end. */
export function isTransientQuota(error: unknown): error is AwsCallError {
  return (
    isAwsCallError(error, 'QUOTA_EXCEEDED') &&
    transientQuotas.has(error.facts.awsCode ?? '') &&
    !lastingQuotas.has(error.facts.operation)
  );
}
