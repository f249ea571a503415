/** What an AWS SDK error says, in plain data. */
export interface AwsErrorFacts {
  /** AWS's own code, such as `NoSuchBucket`; the error's name where the service gave none. */
  readonly awsCode: string;
  readonly awsMessage: string;
  /** What EBS direct adds to its code, such as `SNAPSHOT_NOT_FOUND`. */
  readonly reason?: string;
  readonly httpStatus?: number;
  readonly requestId?: string;
  /** The number of the SDK's attempts. */
  readonly attempts?: number;
}

interface SdkErrorShape {
  readonly name?: string;
  readonly Code?: string;
  readonly Reason?: unknown;
  readonly message?: string;
  readonly $metadata?: {
    httpStatusCode?: number;
    requestId?: string;
    attempts?: number;
    clockSkewCorrected?: boolean;
  };
}

/** The facts of an error the SDK threw, answered by the service or not; undefined for anything the SDK did not throw. */
export function awsErrorFacts(error: unknown): AwsErrorFacts | undefined {
  if (!(error instanceof Error)) return undefined;
  const { name, Code, Reason, message, $metadata } = error as SdkErrorShape;
  if (!$metadata) return undefined;
  return {
    awsCode: Code ?? name ?? 'Unknown',
    awsMessage: message ?? '',
    ...(typeof Reason === 'string' && { reason: Reason }),
    ...($metadata.httpStatusCode !== undefined && { httpStatus: $metadata.httpStatusCode }),
    ...($metadata.requestId !== undefined && { requestId: $metadata.requestId }),
    ...($metadata.attempts !== undefined && { attempts: $metadata.attempts }),
  };
}

/** One line for a message: `AccessDenied: not allowed (HTTP 403, request 1234)`. */
export function formatAwsError(error: unknown): string {
  const facts = awsErrorFacts(error);
  if (!facts) return error instanceof Error ? error.message || error.name : String(error);
  const where = [
    facts.httpStatus !== undefined ? `HTTP ${facts.httpStatus}` : undefined,
    facts.requestId ? `request ${facts.requestId}` : undefined,
  ].filter(Boolean);
  const said = unreadable.test(facts.awsMessage)
    ? 'what came was not sent by the service'
    : `${facts.awsCode}: ${facts.awsMessage || 'no message'}`;
  return `${said}${where.length > 0 ? ` (${where.join(', ')})` : ''}`;
}

/** The SDK's own words of a body that is neither XML nor JSON, such as a gateway's page: they are about its objects. */
const unreadable = /\bDeserialization error: to see the raw response\b/;

/** `kinds` are AWS codes, compared exactly. */
export function hasAwsCode(error: unknown, ...kinds: readonly string[]): boolean {
  const facts = awsErrorFacts(error);
  const name = error instanceof Error ? error.name : undefined;
  return (
    facts !== undefined && (kinds.includes(facts.awsCode) || (name !== undefined && kinds.includes(name)))
  );
}

const throttling = new Set([
  'RequestLimitExceeded',
  'EC2ThrottledException',
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  // EBS direct: too many calls at a time.
  'ConcurrentLimitExceededException',
  'TooManyRequestsException',
  // SSM: one parameter at a time.
  'TooManyUpdates',
  // IAM Identity Center, Service Quotas.
  'TooManyRequests',
  'BandwidthLimitExceeded',
  'SlowDown',
  'PriorRequestNotComplete',
]);
const accessDenied = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'UnauthorizedOperation',
  'AuthorizationError',
  'Forbidden',
  'NotAuthorized',
  'UnauthorizedAccess',
]);
const credentials = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'RequestExpired',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'SignatureDoesNotMatch',
  'InvalidSignatureException',
  'AuthFailure',
  'UnrecognizedClientException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'MissingSecurityHeader',
  'IncompleteSignature',
  'IncompleteSignatureException',
  'InvalidSecurity',
  'InvalidToken',
  'TokenRefreshRequired',
]);

export function isThrottling(error: unknown): boolean {
  return throttling.has(awsErrorFacts(error)?.awsCode ?? '');
}

/** Of status 403, and yet about the object, not about who asks. */
const notDenials = new Set(['InvalidObjectState', 'ObjectNotInActiveTierError']);

/** HEAD answers carry no code: there a bare 403 is a denial. */
export function isAccessDenied(error: unknown): boolean {
  const facts = awsErrorFacts(error);
  return (
    facts !== undefined &&
    (accessDenied.has(facts.awsCode) ||
      (facts.httpStatus === 403 && !credentials.has(facts.awsCode) && !notDenials.has(facts.awsCode)))
  );
}

/** The credentials are missing, wrong or have expired, whether the service said so or the SDK found none to send. */
export function isCredentialsError(error: unknown): boolean {
  const name = error instanceof Error ? error.name : undefined;
  return (
    name === 'CredentialsProviderError' ||
    name === 'TokenProviderError' ||
    (credentials.has(awsErrorFacts(error)?.awsCode ?? '') && !isChecksumRefused(error))
  );
}

/** EBS direct reports a block that arrived with other bytes than its checksum says as a signature that does not match. */
export function isChecksumRefused(error: unknown): boolean {
  return (
    hasAwsCode(error, 'InvalidSignatureException') && /checksum/i.test(awsErrorFacts(error)?.awsMessage ?? '')
  );
}

/** Beside the code of a ValidationException: https://docs.aws.amazon.com/ebs/latest/APIReference/API_ValidationException.html */
const transientReasons = new Set(['WRITE_REQUEST_TIMEOUT', 'CONFLICTING_BLOCK_UPDATE']);

/**
 * EBS direct answers with 400, and yet the same request may succeed: a block that did not arrive in time, or that another
 * writer is writing. https://docs.aws.amazon.com/ebs/latest/userguide/error-retries.html
 */
export function isTransientRefusal(error: unknown): boolean {
  if (!hasAwsCode(error, 'ValidationException')) return false;
  const { reason = '', awsMessage } = awsErrorFacts(error)!;
  return transientReasons.has(reason) || /failed to read block data/i.test(awsMessage);
}

/**
 * A signature of the wrong time: the SDK has set its clock by the answer, and signs the next call right. On a machine whose
 * clock is wrong the SDK marks every error so, whatever it is about: only one about the time counts.
 */
export function isClockCorrected(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error as SdkErrorShape).$metadata?.clockSkewCorrected === true &&
    isAboutTime(error)
  );
}

/** The service refuses the time at which a request was signed. */
export function isAboutTime(error: unknown): boolean {
  return (
    hasAwsCode(error, 'RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture') ||
    (hasAwsCode(error, 'InvalidSignatureException', 'SignatureDoesNotMatch', 'AuthFailure') &&
      /signature (?:has )?(?:expired|not yet)/i.test((error as Error).message))
  );
}

/** The answer is unknown: the connection broke, nothing came in time, or the service failed inside. Whether it acted must be looked up. */
export function isAmbiguous(error: unknown): boolean {
  const facts = awsErrorFacts(error);
  if (!(error instanceof Error)) return false;
  if (facts?.httpStatus !== undefined && facts.httpStatus >= 500) return true;
  if (facts?.httpStatus === 408 || error.name === 'TimeoutError' || error.name === 'RequestTimeout')
    return true;
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && networkCodes.has(code);
}

/**
 * No answer to what was asked, of the service or of anything on the way to it: the connection broke, nothing came in time,
 * the service failed inside, or what came cannot be read. Nothing in the request is the reason.
 */
export function isUnanswered(error: unknown): boolean {
  if (localErrno(error) !== undefined || isCredentialsError(error) || isThrottling(error)) return false;
  const status = awsErrorFacts(error)?.httpStatus;
  // 501 is an answer: the call was not carried out, and never will be.
  return (isAmbiguous(error) && status !== 501) || (status !== undefined && status < 300);
}

/** The errno of an error that this machine's system gave before any service answered; undefined for every other error. */
export function localErrno(error: unknown): string | undefined {
  if (!(error instanceof Error) || awsErrorFacts(error)?.httpStatus !== undefined) return undefined;
  const { code, errno, syscall } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string' || networkCodes.has(code)) return undefined;
  return typeof errno === 'number' && syscall !== undefined && localCodes.has(code) ? code : undefined;
}

const localCodes = new Set([
  ...['EMFILE', 'ENFILE', 'ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'EIO', 'ENOMEM', 'ENOBUFS'],
  ...['ENOENT', 'EISDIR', 'ENOTDIR', 'ELOOP'],
]);

const networkCodes = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'UND_ERR_SOCKET',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);
